// One step of the cell: a letter goes through the gates of one unit, with its real numbers.

const number = (value) => (value < 0 ? "−" : "") + Math.abs(value).toFixed(3);

/** The equations of a unit: lines of [name, formula, formula with numbers, value]. */
const EQUATIONS = {
  rnn: ({ h, sum }, phi) => [["new state h′", `${phi}(sum)`, `${phi}(${number(sum[0])})`, h]],
  lstm: ({ gates: [i, f, g, o], c, cBefore, h }, phi) => [
    ["new cell state c′", "f · c + i · g", `${number(f)} · ${number(cBefore)} + ${number(i)} · ${number(g)}`, c],
    ["new state h′", `o · ${phi}(c′)`, `${number(o)} · ${phi}(${number(c)})`, h]],
  gru: ({ gates: [, z, n], hBefore, h }) => [
    ["new state h′", "(1 − z) · n + z · h", `${number(1 - z)} · ${number(n)} + ${number(z)} · ${number(hBefore)}`, h]],
};

const GATE_MEANING = {
  i: "input gate i: how much of the new is written", f: "forget gate f: how much of the old is kept",
  g: "candidate g: what would be written", o: "output gate o: how much of the cell is shown",
  r: "reset gate r: how much of the old the candidate sees", z: "update gate z: how much of the old is kept",
  n: "candidate n: the new state that is proposed",
};

function openCell(panel, page, settings) {
  const net = options(page.recurrent.map(({ id, label }) => [id, label]), settings.get("net") ?? page.recurrent.at(-1).id, () => { telling(); changed(); });
  const fields = unitFields(settings, changed), { layer, unit } = fields;
  const text = el("input", { type: "text", maxLength: 200, value: (settings.get("text") ?? page.data.passage.text.slice(0, 60).replaceAll("\n", " ")).slice(0, 200), on: { input: changed } });
  const at = slider(settings.get("at") ?? 12, 0, 400, 1, changed);
  const back = el("button", { on: { click: () => move(-1) } }, "Letter before"), next = el("button", { className: "main", on: { click: () => move(1) } }, "Next letter");
  const shown = el("div", { className: "letters line" }), body = el("div", {}), detail = el("div", { className: "detail" });
  panel.append(
    el("p", {}, "The network reads one letter. These are the numbers of one of its units."),
    el("div", { className: "controls" }, field("Network", net), field("Layer", layer), field("Unit", unit)),
    field("Text", text), field("Letter", at), el("div", { className: "buttons" }, back, next), shown,
    body, detail);

  function telling() {
    fields.set(tellingUnit(page.network(net.value).entry));
  }

  function encoded() {
    return page.network(net.value).vocabulary.encode(text.value);
  }

  function limit() {
    fields.limit(page.network(net.value).network);
    at.max = Math.max(encoded().ids.length - 1, 0);
  }

  function move(step) {
    at.value = Number(at.value) + step;
    changed();
  }

  function changed() {
    limit();
    remember();
    show();
  }

  function remember() {
    address("cell", { net: net.value, layer: layer.value - 1, unit: unit.value, at: at.value, text: text.value });
  }

  function show() {
    const { network, vocabulary } = page.network(net.value), { ids, chars } = encoded(), place = Number(at.value);
    shown.replaceChildren(...chars.map((char, k) => el("span", { className: k === place ? "letter at" : "letter" }, visible(char).replace("\n", ""))));
    if (!ids.length) { body.replaceChildren(el("p", {}, "Type a letter that the network knows.")); detail.replaceChildren(); return; }
    const state = network.initialState();
    ids.slice(0, place).forEach((id) => network.step(id, state));
    const kept = [], logits = network.step(ids[place], state, kept), step = kept[layer.value - 1], k = Number(unit.value), H = network.hidden;
    const names = network.cell === "rnn" ? ["h"] : GATE_NAMES[network.cell];
    const sums = names.map((_, gate) => sumsOf(network, step, gate * H + k, layer.value - 1));
    const values = network.cell === "rnn" ? [step.h[k]] : step.gates.map((gate) => gate[k]);
    const phi = { tanh: "tanh", sigmoid: "σ", relu: "relu" }[network.entry.activation];
    const squash = (name) => ("ifozr".includes(name) ? "σ" : phi);
    const head = ["", "letter and bias", "memory W h", "sum", "result"];
    const rows = names.map((name, gate) => [GATE_MEANING[name] || "the sum", number(sums[gate][0]), number(sums[gate][1]), number(sums[gate][2]), `${squash(name)} → ${number(values[gate])}`]);
    const one = { gates: step.gates?.map((gate) => gate[k]), c: step.c[k], cBefore: step.cBefore[k], h: step.h[k], hBefore: step.hBefore[k], sum: [sums[0][2]] };
    body.replaceChildren(
      wideTable(head, el("tbody", {}, ...rows.map(([first, ...rest]) => el("tr", {}, el("th", { scope: "row" }, first), ...rest.map((cell) => el("td", { className: "number" }, cell)))))),
      ...EQUATIONS[network.cell](one, phi).map(([name, formula, filled, value]) => el("p", { className: "equation" }, `${name} = ${formula} = ${filled} = `, el("strong", {}, number(value)))));
    const following = ids[place + 1];
    if (following === undefined) { detail.replaceChildren(el("p", {}, "The text ends here.")); return; }
    const item = { id: following, char: chars[place + 1], ...surprise(logits, following, new Float64Array(network.size)) };
    showLikeliest(detail, "After this step", item, vocabulary);
  }

  if (!settings.has("unit")) telling();
  limit();
  show();
  return { remember };
}

/** Return of one sum what the letter (or the layer below) and the memory add to it, and the sum. */
function sumsOf(network, step, row, depth) {
  const { recurrent, candidate } = network.stack[depth], column = (matrix, x) => x.reduce((sum, value, k) => sum + value * matrix[k * network.width + row], 0);
  const memory = column(recurrent, step.hBefore);
  if (network.cell !== "gru") return [step.pre[row] - memory, memory, step.pre[row]];
  // The reset gate scales what the candidate sees of the memory.
  const seen = row >= 2 * network.hidden ? step.gates[0][row - 2 * network.hidden] * (memory + candidate[row]) : memory;
  return [step.pre[row], seen, step.pre[row] + seen];
}
