// Shannon's game: guess the next letter of an unseen text, as in Shannon (1951), Prediction and
// entropy of printed English. If q_i is the share of letters found by guess i, the entropy lies in
//   sum_i i (q_i - q_(i+1)) log2 i  <=  H  <=  - sum_i q_i log2 q_i.

const GAME_LEAD = 60;
const GAME_GUESSES = 8;

/** Return Shannon's lower and upper bounds in bits from the number of guesses for each letter. */
function shannonBounds(guesses) {
  const most = Math.max(...guesses), share = new Float64Array(most + 2);
  guesses.forEach((count) => { share[count] += 1 / guesses.length; });
  const sorted = [0, ...Array.from(share.subarray(1)).sort((a, b) => b - a)];
  let low = 0, high = 0;
  for (let i = 1; i < sorted.length; i++) {
    low += i * (sorted[i] - (sorted[i + 1] || 0)) * Math.log2(i);
    if (sorted[i] > 0) high -= sorted[i] * Math.log2(sorted[i]);
  }
  return [low, high];
}

function openGame(panel, page, settings) {
  const { text } = page.data.passage, players = page.data.networks.map(({ id }) => page.network(id));
  const from = options([0, 1, 2, 3, 4].map((k) => [k * 450, `passage ${k + 1}`]).filter(([at]) => at + 200 < text.length), settings.get("from") ?? 0, () => { remember(); start(); });
  const shown = el("div", { className: "letters", tabIndex: 0, "aria-label": "The text so far", role: "group" });
  const input = el("input", { type: "text", size: 3, autocomplete: "off", autocapitalize: "off", spellcheck: false, "aria-label": "Your guess for the next letter" });
  const give = el("button", { on: { click: () => next(GAME_GUESSES + 1) } }, "Show me");
  const lineEnd = el("button", { on: { click: () => guess("\n") } }, "Guess a line end");
  const message = el("p", { role: "status" }), table = el("tbody");
  let letters = [], at = 0, tried = [], readers = [], mine = [];
  panel.append(
    el("p", {}, "Type the letter that you expect next, and go on until it is right. The networks play the same letters. From the numbers of guesses Shannon (1951) found two bounds for the bits per letter; a hundred letters give a fair estimate."),
    field("Text", from), shown,
    el("div", { className: "buttons" }, el("label", { className: "check" }, "Next letter ", input), lineEnd, give), message,
    wideTable(["player", "first guess right", "Shannon’s bounds, bits per letter", "exact bits per letter"], table));
  input.addEventListener("input", () => {
    const typed = [...input.value].at(-1);
    input.value = "";
    if (typed) guess(typed);
  });
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") guess("\n"); });

  function start() {
    letters = [...text].slice(Number(from.value));
    at = 0;
    mine = [];
    readers = players.map(({ network, vocabulary, entry }) => ({ entry, vocabulary, reader: new Reader(network, vocabulary), ranks: [], bits: 0 }));
    shown.replaceChildren();
    while (at < GAME_LEAD) reveal("prompt");
    prepare();
    score();
  }

  /** Show the next letter and let the networks read it. */
  function reveal(className) {
    shown.append(el("span", { className: `letter ${className}` }, visible(letters[at])));
    shown.scrollTop = shown.scrollHeight;
    for (const player of readers) {
      const id = player.vocabulary.id(letters[at]);
      if (id < 0) continue;
      const seen = player.reader.read(id);
      if (at >= GAME_LEAD && seen) {
        player.ranks.push(Math.min(seen.rank, GAME_GUESSES + 1));
        player.bits += seen.bits;
      }
    }
    at += 1;
  }

  function prepare() {
    tried = [];
    message.textContent = at < letters.length ? "What comes next?" : "That was the whole passage.";
  }

  function guess(char) {
    if (at >= letters.length || tried.includes(char)) return;
    const same = (a, b) => a === b || (LOOK_ALIKES[a] || "").includes(b);
    tried.push(char);
    if (same(char, letters[at])) next(tried.length);
    else if (tried.length >= GAME_GUESSES) next(GAME_GUESSES + 1);
    else message.textContent = `Not ${tried.map(named).join(", ")}. Another guess?`;
  }

  function next(count) {
    if (at >= letters.length) return;
    mine.push(count);
    const letter = letters[at];
    reveal(count === 1 ? "s1" : count > GAME_GUESSES ? "s6" : "s4");
    prepare();
    message.textContent = `${count > GAME_GUESSES ? "It was" : "Right:"} “${named(letter)}”. ${message.textContent}`;
    score();
    input.focus();
  }

  /** Show what everybody has reached so far. */
  function score() {
    const row = (name, guesses, exact) => {
      const bounds = guesses.length ? shannonBounds(guesses) : null;
      return el("tr", {}, el("th", { scope: "row" }, name),
        el("td", { className: "number" }, guesses.length ? percent(guesses.filter((count) => count === 1).length / guesses.length) : "–"),
        el("td", { className: "number" }, bounds ? bounds.map((value) => value.toFixed(2)).join(" to ") : "–"),
        el("td", { className: "number" }, exact === null ? "–" : exact.toFixed(2)));
    };
    table.replaceChildren(row(`you, ${mine.length} letters`, mine, null),
      ...readers.map(({ entry, ranks, bits }) => row(entry.label, ranks, ranks.length ? bits / ranks.length : null)));
  }

  function remember() {
    address("game", { from: from.value });
  }

  start();
  return { remember };
}
