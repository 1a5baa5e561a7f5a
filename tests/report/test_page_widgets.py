"""Every widget of the page works in a real browser, and hostile text stays text."""

from __future__ import annotations

from pathlib import Path

import pytest

from browser import Tab
from firefox import Page
from made_page import PANELS, letters, made_document, no_complaint


@pytest.mark.parametrize("width", [1280, 390])
def test_every_panel_works_without_a_message(web: Page, path: Path, width: int) -> None:
    """Both themes, desktop and phone: nothing is wider than the window, nothing is logged."""
    web.emulate(width, 900, dark=width == 390)
    web.open(path)
    web.until(f"{letters('write')} > 70")
    for name in PANELS:
        web.evaluate(f"document.getElementById('tab-{name}').click()")
        web.until(f"!document.getElementById('panel-{name}').hidden")
        assert web.evaluate("location.hash").startswith(f"#live/{name}")
        assert (
            web.evaluate("document.querySelectorAll('[role=tabpanel]:not([hidden])').length") == 1
        )
        if name == "train":
            web.evaluate("document.querySelector('#panel-train button.main').click()")
            web.until("/nats/.test(document.querySelector('#panel-train .progress').textContent)")
            web.evaluate("document.querySelector('#panel-train button.main').click()")
        else:
            web.until(f"{letters(name)} > 20")
        # Firefox has no window as narrow as a phone.
        assert web.evaluate("document.documentElement.scrollWidth <= innerWidth")
    no_complaint(web, path)


def test_the_widget_is_there_before_the_report(tab: Tab, path: Path) -> None:
    """The prompt has been read when the end of the page comes; then the parts are laid out."""
    count = f"addEventListener('DOMContentLoaded', () => {{ window.early = {letters('write')}; }});"
    script = tab.call("Page.addScriptToEvaluateOnNewDocument", source=count)["identifier"]
    tab.open(path)
    tab.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script)
    assert tab.evaluate("window.early") > 0
    tab.until("!document.documentElement.classList.contains('opening')")
    assert tab.evaluate("document.querySelectorAll('.part.laid').length") == 2
    for fragment in ("#two", "#live/score"):
        tab.open(path, fragment)
        name = "two" if fragment == "#two" else "live"
        tab.until(f"Math.abs(document.getElementById('{name}').getBoundingClientRect().top) < 40")
    no_complaint(tab, path)


def test_the_last_line_written_is_in_view(tab: Tab, path: Path) -> None:
    """In a box of constant height."""
    tab.emulate(390, 900)
    tab.open(path)
    box = "document.querySelector('#panel-write .letters')"
    height = tab.evaluate(f"{box}.offsetHeight")
    tab.evaluate("[...document.querySelectorAll('#panel-write select')].at(-1).value = 100000")
    tab.until("document.querySelector('#panel-write button.main').textContent === 'Go on'")
    assert tab.evaluate(f"{box}.scrollHeight > {box}.clientHeight + 100")
    assert tab.evaluate(f"{box}.scrollHeight - {box}.scrollTop - {box}.clientHeight") < 2
    assert tab.evaluate(f"{box}.offsetHeight") == height


def test_unseen_characters_are_shown_by_their_number(web: Page, path: Path) -> None:
    """None can change the order of reading or hide; those of the prompt are in the text."""
    web.open(path, "#live/score")
    web.until(f"{letters('score')} > 200")
    shown = web.evaluate("document.querySelector('#panel-score .letters').textContent")
    assert "</script><script>document.title" in shown
    assert "[202E]gnp.exe[2066]" in shown
    assert "[0][1B]" in shown
    assert "[FEFF][E0041]" in shown
    whole = web.evaluate("document.getElementById('live').textContent")
    assert not set("\u202e\u2066\x00\x1b\ufeff\U000e0041") & set(shown + whole)
    no_complaint(web, path)


@pytest.mark.parametrize("text", ["", "\U0001f600"])
def test_a_text_without_a_known_letter_has_no_score(tab: Tab, path: Path, text: str) -> None:
    """A dash for each network, since no result is on its way."""
    tab.open(path, f"#live/score?text={text}")
    rows = "[...document.querySelectorAll('#panel-score tbody tr')]"
    tab.until(f"{rows}.length === 4")
    assert tab.evaluate(f"{rows}.map((row) => row.children[1].textContent)") == ["–"] * 4
    no_complaint(tab, path)


def test_a_finding_can_be_sent_by_its_address(web: Page, path: Path) -> None:
    """Prompt, temperature, seed and networks are set by the address, and written into it."""
    address = "#live/write?prompt=abc&t=0&seed=5&nets=n0,ngram"
    texts = []
    for _ in range(2):
        web.open(path, address)
        web.until(f"{letters('write')} > 80")
        texts.append(
            web.evaluate(
                "[...document.querySelectorAll('#panel-write .letters')].map((box) => "
                "[...box.children].slice(0, 30).map((letter) => letter.textContent).join(''))"
            )
        )
    assert texts[0] == texts[1]
    assert len(texts[0]) == 2
    assert all(text.startswith("abc") for text in texts[0])
    web.evaluate(
        "(() => { const slider = document.querySelector('#panel-write input[type=range]');"
        "slider.value = 1.5; slider.dispatchEvent(new Event('input')); })()"
    )
    web.until("location.hash.includes('t=1.5')")
    no_complaint(web, path)


def test_letters_can_be_read_by_keyboard_and_pointer(web: Page, path: Path) -> None:
    """Arrow keys move from letter to letter, and show the ten likeliest with their bars."""
    web.open(path, "#live/score")
    web.until(f"{letters('score')} > 200")
    web.evaluate("document.querySelector('#panel-score .letters').focus()")
    for _ in range(4):
        web.press("ArrowRight")
    assert web.evaluate("document.querySelectorAll('#panel-score .bars li').length") == 10
    assert web.evaluate("document.querySelectorAll('#panel-score .letter.at').length") == 1
    web.evaluate("document.getElementById('tab-score').focus()")
    web.press("ArrowRight")
    assert web.evaluate("document.activeElement.id") == "tab-game"
    no_complaint(web, path)


def test_what_remembers_traces_a_letter_in_every_network(web: Page, path: Path) -> None:
    """One above the other, for the letter in the address; below them the loss by distance."""
    web.open(path, "#live/remember?at=12")
    web.until("document.querySelectorAll('#panel-remember .dependences .line').length === 3")
    chosen = "document.querySelector('#panel-remember .letters .letter.at')"
    assert web.evaluate(f"{chosen}.dataset.at") == "12"
    rows = "[...document.querySelectorAll('#panel-remember tbody tr')]"
    last = web.evaluate(f"{rows}.map((row) => row.lastChild.textContent)")
    assert last == ["1.50", "1.50", "1.50", "2.00"]
    web.evaluate("document.querySelectorAll('#panel-remember .letters .letter')[30].click()")
    web.until("location.hash.includes('at=30')")
    no_complaint(web, path)


def test_what_remembers_names_the_letters_left_out(tab: Tab, path: Path) -> None:
    """Also while a letter is chosen, whose activation is named below the text."""
    tab.open(path, "#live/remember?text=abc\U0001f600abc&at=3")
    tab.until("document.querySelector('#panel-remember .letter.at')")
    status = "[...document.querySelectorAll('#panel-remember .status')].map((p) => p.textContent)"
    left, chosen = tab.evaluate(status)
    assert left.startswith("Left out") and left.endswith("\U0001f600")
    assert chosen.startswith("“a”: activation")
    no_complaint(tab, path)


def test_the_game_counts_guesses(web: Page, path: Path) -> None:
    """A wrong guess is named, the right one goes on, and the networks play along."""
    web.open(path, "#live/game")
    web.until(f"{letters('game')} >= 60")
    right = made_document()["passage"]["text"][60]
    wrong = "z" if right != "z" else "y"
    web.evaluate("document.querySelector('#panel-game input').focus()")
    web.press(wrong)
    assert f"Not {wrong}" in web.evaluate("document.querySelector('#panel-game').textContent")
    web.press(right)
    table = web.evaluate("document.querySelector('#panel-game tbody').textContent")
    assert table.startswith("you, 1 letters")
    assert web.evaluate("document.querySelectorAll('#panel-game tbody tr').length") == 5
    no_complaint(web, path)


def test_a_broken_training_says_so(web: Page, path: Path) -> None:
    """Plain descent at rate 10 without clipping ends in a message, and can start anew."""
    web.open(path, "#live/train?cell=rnn&rate=10&clip=0&optimizer=sgd")
    web.until("document.querySelector('#panel-train button.main')")
    web.evaluate("document.querySelector('#panel-train button.main').click()")
    web.until("/Broken/.test(document.querySelector('#panel-train .progress').textContent)")
    assert "Broken" in web.evaluate("document.getElementById('live-said').textContent")
    no_complaint(web, path)


def test_the_page_can_be_read_without_scripts(tab: Tab, path: Path) -> None:
    """The report is there, the live part is not, and a note says why."""
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        tab.call("Page.navigate", url=path.resolve().as_uri())
        tab.until("document.readyState === 'complete'")
        assert tab.evaluate("document.getElementById('live').hidden")
        assert "With JavaScript" in tab.evaluate("document.querySelector('noscript').textContent")
    finally:
        tab.call("Emulation.setScriptExecutionDisabled", value=False)


def test_print_and_themes(tab: Tab, path: Path) -> None:
    """Print has the contents and the live part left out, and no table wider than the paper."""
    tab.emulate(1280, 900, dark=True)
    tab.open(path)
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 24, 26)"
    tab.evaluate("document.getElementById('theme').click()")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(253, 253, 251)"
    tab.call("Emulation.setEmulatedMedia", media="print")
    assert tab.evaluate("getComputedStyle(document.getElementById('live')).display") == "none"
    assert tab.evaluate("getComputedStyle(document.querySelector('.wide')).overflow") == "visible"
    tab.call("Emulation.setEmulatedMedia", media="")
    no_complaint(tab, path)
