"""Speed of the report's page in Chromium: first text, idle tasks, writing, training, size.

Start it on one core. Other work on that core makes the seconds of the clock longer, so each figure
is also given in seconds of the processor, as Chromium counts them for the page's thread.

    taskset -c 0 python benchmarks/page.py report/index.html [--train 10 --train 60]
"""

from __future__ import annotations

import json
import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import browser
from charlab.report.page.build import ENGINE, script
from charlab.verify.certificate import processor

SAMPLED, IDLE_SECONDS, ROUNDS = 30_000, 10, 5

WATCH = """window.long = [];
new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) window.long.push([startTime, duration]);
}).observe({ type: "longtask", buffered: true });
new MutationObserver((_, observer) => {
  if (!document.querySelector("#panel-write .letter:not(.prompt)")) return;
  observer.disconnect();
  // In a task after the next frame, which draws the letter.
  requestAnimationFrame(() => setTimeout(() => { window.first = performance.now(); }));
}).observe(document, { subtree: true, childList: true });"""
"""Notes long tasks and the time of the first letter that a network writes."""

SAMPLE = """(() => {
  const reader = new Reader(new Network(ENTRY), { chars: [] }), random = uniforms(1);
  reader.read(1);
  const start = performance.now();
  for (let k = 0; k < COUNT; k++) reader.write({ temperature: 0.7, topK: 0 }, random());
  return (performance.now() - start) / 1000;
})()"""
"""Seconds in which a network writes: the step, the choice, the surprise, the ten likeliest."""

TOGGLE = "document.querySelector('#panel-write button.main')"


def processor_seconds(tab: browser.Tab) -> float:
    """Return how long the page's thread has worked."""
    metrics = tab.call("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


def report(name: str, value: str, bar: str) -> None:
    """Print a line of the table."""
    click.echo(f"| {name} | {value} | {bar} |")


def opening(tab: browser.Tab, page: Path) -> None:
    """Measure the first text, and the longest task after it, while writing and while idle."""
    firsts, busy = [], []
    for _ in range(ROUNDS):
        tab.open(page)
        tab.until("window.first")
        busy.append(processor_seconds(tab))  # counted from zero in a new page
        firsts.append(tab.evaluate("window.first") / 1000)
    report(
        "first text after opening",
        f"{statistics.median(firsts):.2f} s (processor: {statistics.median(busy):.2f} s)",
        "1 s",
    )
    tab.until(f"{TOGGLE}.textContent === 'Go on'")
    written, before = tab.evaluate("performance.now()"), processor_seconds(tab)
    tab.until(f"performance.now() > {written + 1000 * IDLE_SECONDS}")
    tasks = tab.evaluate("window.long")
    longest = {
        name: max((length for start, length in tasks if low <= start < high), default=0)
        for name, low, high in (
            ("writing", 1000 * firsts[-1], written),
            ("idle", written, float("inf")),
        )
    }
    used = 1000 * (processor_seconds(tab) - before) / IDLE_SECONDS
    report("longest task while it writes", f"{longest['writing']:.0f} ms (0: below 50)", "")
    report(
        "longest task while idle",
        f"{longest['idle']:.0f} ms (0: below 50; processor: {used:.1f} ms per second)",
        "100 ms",
    )


def sampling(tab: browser.Tab, page: Path, engine: Path, network: dict[str, object]) -> None:
    """Measure a network that writes, alone and in the widget, where each letter is drawn."""
    tab.open(engine)
    tab.until("window.Network")
    code = SAMPLE.replace("ENTRY", json.dumps(network)).replace("COUNT", str(SAMPLED))
    tab.evaluate(code)  # warms up the compiler
    before = processor_seconds(tab)
    seconds = tab.evaluate(code)
    busy = processor_seconds(tab) - before
    report(
        f"{network['label']}, sampling",
        f"{SAMPLED / seconds:,.0f}/s (of the processor: {SAMPLED / busy:,.0f}/s)",
        "10,000/s",
    )
    tab.open(page, f"#live/write?nets={network['id']}")
    tab.evaluate("[...document.querySelectorAll('#panel-write select')].at(-1).value = 100000")
    times, used = [], []
    for _ in range(ROUNDS):
        tab.until(f"{TOGGLE}.textContent === 'Go on'")
        before = processor_seconds(tab)
        times.append(
            tab.evaluate(
                "new Promise((done) => { const start = performance.now();"
                "document.querySelector('#panel-write .buttons button:not(.main)').click();"
                f"const look = () => ({TOGGLE}.textContent === 'Go on'"
                " ? done(performance.now() - start) : requestAnimationFrame(look)); look(); })"
            )
        )
        used.append(processor_seconds(tab) - before)
    count = int(tab.evaluate("parseInt(document.querySelector('#panel-write .small').textContent)"))
    wall, busy = statistics.median(times) / 1000, statistics.median(used)
    report(
        f"{network['label']}, drawn at once",
        f"{count / wall:,.0f}/s (of the processor: {count / busy:,.0f}/s)",
        "",
    )


def training(tab: browser.Tab, page: Path, seconds: list[float]) -> None:
    """Measure the loss that *Train here* reaches after some seconds of the processor."""
    tab.open(page, "#live/train")
    tab.until("document.querySelector('#panel-train button.main')")
    start, began = processor_seconds(tab), time.monotonic()
    tab.evaluate("document.querySelector('#panel-train button.main').click()")
    for mark in seconds:
        line = ""
        while processor_seconds(tab) - start < mark or not line:
            time.sleep(0.5)
            line = tab.evaluate("document.querySelector('#panel-train .progress').textContent")
        found = re.search(
            r"([\d,]+) characters: loss ([\d.]+) nats(?: \(unseen part: ([\d.]+)\))?", line
        )
        assert found, f"the page says {line!r}"
        read, loss, unseen = found.groups()
        report(
            f"Train here after {mark:g} s of the processor ({time.monotonic() - began:.0f} s)",
            f"{loss} nats, unseen {unseen}; {read} characters",
            "1.3 nats at 60 s",
        )


@click.command(help=__doc__)
@click.argument("page", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--train", "seconds", default=[10, 30, 60], type=float, multiple=True)
def main(page: Path, seconds: tuple[float, ...]) -> None:
    """Print a table of what was measured, with the bar of each."""
    html = page.read_text("utf-8")
    found = re.search(r'id="live-data">(.*?)</script>', html, re.S)
    if found is None:
        raise SystemExit(f"{page}: expected a report with widgets, found none")
    data = json.loads(found[1])
    # The LSTM nearest to 128 units.
    network = min(
        (one for one in data["networks"] if one.get("cell") == "lstm"),
        key=lambda one: abs(one["hidden"] - 128),
    )
    click.echo(
        f"{processor()}, load {os.getloadavg()[0]:.1f}\n\n| | measured | bar |\n|---|---|---|"
    )
    report("size of the file", f"{page.stat().st_size / 1e6:.2f} MB", "3 MB")
    browser.TIMEOUT = 3600  # a machine with other work is slow
    with browser.running() as chromium:
        tab = chromium.tab()
        tab.call("Performance.enable", timeDomain="threadTicks")
        tab.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        tab.emulate(1280, 900)
        opening(tab, page)
        names = "Network, Reader, uniforms"
        code = f"{script(ENGINE)}\nObject.assign(window, {{ {names} }});"
        with tempfile.TemporaryDirectory() as folder:
            engine = Path(folder) / "engine.html"
            engine.write_text(f'<!doctype html><script type="module">{code}</script>', "utf-8")
            sampling(tab, page, engine, network)
        training(tab, page, sorted(seconds))


if __name__ == "__main__":
    main()
