// Write: networks continue a prompt side by side, from the same random numbers.

const PAUSE_AFTER = 700;
const PROMPT = 400;

function openWrite(panel, page, settings) {
  const wide = matchMedia("(min-width: 44rem)").matches;
  const given = settings.get("nets")?.split(",").filter((id) => page.entries.has(id));
  const initial = given?.length ? given : page.data.networks.slice(0, wide ? 2 : 1).map(({ id }) => id);
  let seed = Number(settings.get("seed")) || 1, stop = null, writers = [], written = 0, allowed = 0;

  const prompt = el("textarea", { rows: 2, maxLength: PROMPT, value: (settings.get("prompt") ?? page.data.prompt).slice(0, PROMPT), on: { input: () => restart() } });
  const heat = el("output", {}), temperature = slider(settings.get("t") ?? 0.7, 0, 2, 0.05, () => { label(); remember(); });
  const topK = options([[0, "all letters"], [2, "2 likeliest"], [3, "3 likeliest"], [5, "5 likeliest"], [10, "10 likeliest"]], settings.get("k") ?? 0, () => remember());
  const speed = options([[12, "slowly"], [45, "to read along"], [300, "fast"], [100000, "at once"]], quietly() ? 100000 : 45, () => {});
  const toggle = el("button", { className: "main", on: { click: () => (stop ? pause() : go()) } });
  const again = el("button", { on: { click: () => { seed += 1; remember(); restart(); } } }, "Other random numbers");
  const boxes = page.data.networks.map(({ id, label: name }) => el("label", { className: "check" },
    el("input", { type: "checkbox", value: id, checked: initial.includes(id), on: { change: () => { remember(); restart(); } } }), " ", name));
  const columns = el("div", { className: "columns" }), detail = el("div", { className: "detail" });
  const status = el("p", { className: "status", role: "status" });

  panel.append(
    field("Prompt", prompt), columns, status,
    el("div", { className: "below" },
      el("div", {},
        el("div", { className: "buttons" }, toggle, again),
        el("div", { className: "controls" }, field("Temperature", temperature, heat), field("Choose from", topK), field("Write", speed)),
        el("fieldset", { className: "checks" }, el("legend", {}, "Networks"), ...boxes),
        surpriseLegend()),
      detail));

  function label() {
    heat.value = Number(temperature.value).toFixed(2);
    heat.textContent = heat.value;
  }

  function chosen() {
    return boxes.map((box) => box.firstChild).filter(({ checked }) => checked).map(({ value }) => value);
  }

  function remember() {
    address("write", { prompt: prompt.value, t: temperature.value, k: topK.value, seed, nets: chosen().join(",") });
  }

  /** Read the prompt with every network that is chosen. */
  function restart() {
    pause();
    columns.replaceChildren();
    detail.replaceChildren(el("p", {}, "Point at a letter, or use the arrow keys, to see what else the network expected."));
    status.textContent = "";
    written = 0;
    allowed = PAUSE_AFTER;
    writers = chosen().map((id) => {
      const { network, vocabulary, entry } = page.network(id), reader = new Reader(network, vocabulary);
      const letters = new Letters(`Text of ${entry.label}`, (item) => showLikeliest(detail, entry.label, item, vocabulary));
      const { ids, chars, missing } = vocabulary.encode(prompt.value);
      if (missing.length) status.textContent += `${entry.label} never saw ${missing.map(named).join(" ")}. `;
      // A network has read a line end before the first letter, if its text has one.
      if (!ids.length) reader.read(Math.max(vocabulary.id("\n"), 0));
      ids.forEach((letter, k) => { reader.read(letter); letters.add(chars[k], "prompt", {}); });
      const head = el("h3", {}, entry.label), bits = el("p", { className: "small" });
      columns.append(el("div", { className: "column" }, head, bits, letters.element));
      return { reader, letters, random: uniforms(seed), bits, total: 0 };
    });
    go();
  }

  function letter() {
    const choice = { temperature: Number(temperature.value), topK: Number(topK.value) };
    for (const writer of writers) {
      const item = writer.reader.write(choice, writer.random());
      writer.total += item.bits;
      writer.letters.add(item.char, surpriseClass(item.bits), item);
    }
    written += 1;
  }

  function go() {
    if (stop || !writers.length) return;
    if (written >= allowed) allowed += PAUSE_AFTER;
    let last = performance.now(), due = 2;
    const frame = (now) => {
      due = Math.min(due + ((now - last) / 1000) * Number(speed.value), 2000);
      last = now;
      const end = performance.now() + 12, followed = writers.filter(({ letters }) => letters.atEnd());
      while (due >= 1 && written < allowed && performance.now() < end) { letter(); due -= 1; }
      for (const { bits, total } of writers) bits.textContent = `${written} letters, ${(total / Math.max(written, 1)).toFixed(2)} bits each`;
      for (const { letters: { element } } of followed) element.scrollTop = element.scrollHeight;
      if (written >= allowed) { pause(); announce(`${written} letters are written.`); return; }
      stop = requestAnimationFrame(frame);
    };
    stop = requestAnimationFrame(frame);
    toggle.textContent = "Stop";
  }

  function pause() {
    if (stop) cancelAnimationFrame(stop);
    stop = null;
    toggle.textContent = "Go on";
  }

  prompt.addEventListener("change", remember);
  label();
  restart();
  return { hide: pause, remember };
}
