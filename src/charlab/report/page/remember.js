// What remembers: a text colored by the activation of one unit, and the letters that a prediction
// depends on, in each network.

const TRACED = 90;
const LONGEST_COLORED = 3000;
const POINTED_AT = 250;
const UNIT_ENDS = [0.1, 0.3, 0.55, 0.8];

/** Return the class of an activation from -1 to 1. */
function unitClass(value) {
  const place = UNIT_ENDS.filter((end) => Math.abs(value) >= end).length;
  return place ? `${value < 0 ? "n" : "p"}${place}` : "s0";
}

function openRemember(panel, page, settings) {
  const { data } = page, own = data.passage.text.slice(0, 700);
  const net = options(page.recurrent.map(({ id, label }) => [id, label]), settings.get("net") ?? undefined, () => { list(); telling(); limit(); remember(); run(); });
  const ranked = options([], undefined, pick);
  const fields = unitFields(settings, () => { limit(); remember(); run(); }), { layer, unit } = fields;
  const text = el("textarea", { rows: 4, maxLength: LONGEST_COLORED, value: (settings.get("text") ?? own).slice(0, LONGEST_COLORED), on: { input: whenSettled(() => { remember(); run(); }) } });
  const rows = el("div", { className: "dependences" }), status = el("p", { className: "status" }), left = el("p", { className: "status" });
  const trace = whenSettled(depend, 40);
  let stop = null, stopTracing = null, pointed = Math.trunc(settings.get("at") ?? POINTED_AT) || 0;
  const letters = new Letters("The text, colored by the unit", (item, at) => {
    status.textContent = `“${named(item.char)}”: activation ${item.value.toFixed(3)}`;
    if (at !== pointed) { pointed = at; remember(); }
    trace(at);
  });
  panel.append(
    el("p", {}, "One unit of the network, over a text: purple is negative, orange positive. The list has the units of the network that follow a feature of the text best; they were chosen on val, and test shows whether the choice holds."),
    el("div", { className: "controls" }, field("Network", net), field("Units by what they follow", ranked), field("Layer", layer), field("Unit", unit)),
    field("Text", text), left, letters.element, status,
    el("p", {}, "Point at a letter to see what its prediction depended on: the stronger its color, the larger the gradient."), rows, ...distances(data));

  function remember() {
    const other = text.value === own ? {} : { text: text.value.slice(0, 600) };
    address("remember", { net: net.value, layer: layer.value - 1, unit: unit.value, at: pointed, ...other });
  }

  /** Fill the list with the units of the network, the best of each feature first. */
  function list() {
    const rows = page.network(net.value).entry.units.map((row) => el("option", { value: `${row.layer}/${row.unit}` },
      `${row.feature}: unit ${row.unit}${row.layer ? `, layer ${row.layer + 1}` : ""} (val ${row.val_correlation.toFixed(2)}, test ${row.correlation.toFixed(2)})`));
    ranked.replaceChildren(el("option", { value: "" }, rows.length ? "choose from the list" : "not evaluated"), ...rows);
  }

  function telling() {
    fields.set(tellingUnit(page.network(net.value).entry));
  }

  function pick() {
    if (!ranked.value) return;
    const [depth, number] = ranked.value.split("/").map(Number);
    [layer.value, unit.value] = [depth + 1, number];
    remember();
    run();
  }

  /** Keep layer and unit within the network. */
  function limit() {
    fields.limit(page.network(net.value).network);
    if (ranked.value !== `${layer.value - 1}/${unit.value}`) ranked.value = [...ranked.options].find(({ value }) => value === `${layer.value - 1}/${unit.value}`)?.value ?? "";
  }

  function run() {
    stop?.();
    stopTracing?.();
    letters.clear();
    rows.replaceChildren();
    const { network, vocabulary } = page.network(net.value), { ids, chars, missing } = vocabulary.encode(text.value);
    status.textContent = "";
    left.textContent = missing.length ? `Left out, because the network never saw them: ${missing.map(named).join(" ")}` : "";
    const state = network.initialState(), values = [];
    let at = 0, most = 1; // a ReLU has no bound
    stop = inSlices(() => {
      if (values.length < ids.length) {
        network.step(ids[values.length], state);
        values.push(network.activation(state, layer.value - 1, Number(unit.value)));
        most = Math.max(most, Math.abs(values.at(-1)));
        return true;
      }
      if (at === ids.length) {
        if (ids.length) letters.select(Math.max(0, Math.min(pointed, ids.length - 1)));
        return false;
      }
      letters.add(chars[at], unitClass(values[at] / most), { value: values[at] });
      at += 1;
      return true;
    });
  }

  /** Show for every network the letters that the prediction of letter `at` depends on. */
  function depend(at) {
    const before = letters.items.slice(Math.max(0, at - TRACED), at + 1).map(({ char }) => char).join("");
    rows.replaceChildren();
    stopTracing?.();
    if (at < 1) return;
    const waiting = [...page.recurrent];
    stopTracing = inSlices(() => {
      if (!waiting.length) { rows.append(legend()); return false; }
      const { id } = waiting.shift(), { network, vocabulary, entry } = page.network(id), { ids, chars } = vocabulary.encode(before);
      if (ids.length < 2) return true;
      const norms = dependence(network, ids.slice(0, -1), ids.at(-1)), most = Math.max(...norms) || 1;
      const line = el("div", { className: "letters line" });
      // The logarithm, since gradients fall by powers of ten: each color is a factor of about 3.
      norms.forEach((norm, k) => {
        const strength = Math.max(0, Math.min(6, Math.round(6 + 2 * Math.log10(norm / most + 1e-9))));
        line.append(el("span", { className: `letter s${strength}` }, visible(chars[k]).replace("\n", "")));
      });
      line.append(el("span", { className: "letter at" }, visible(chars.at(-1)).replace("\n", "")));
      rows.append(el("h3", {}, entry.label), line);
      return true;
    });
  }

  function legend() {
    return el("p", { className: "legend" }, "Gradient, as a share of the largest: ",
      ...["below 0.002", "0.003", "0.01", "0.03", "0.1", "0.3", "1"].map((name, k) => el("span", { className: `letter s${k}` }, name)));
  }

  list();
  if (!settings.has("unit")) telling();
  limit();
  run();
  return { hide: () => { stop?.(); stopTracing?.(); }, remember };
}

/** Return a table of the loss of letters by the distance to what they depend on. */
function distances({ distances: rows }) {
  if (!rows.length) return [];
  const first = rows[0].bins, cells = (name, values) => el("tr", {}, el("th", { scope: "row" }, name),
    ...values.map((bits) => el("td", { className: `number ${surpriseClass(bits)}` }, bits.toFixed(2))));
  return [
    el("p", {}, "A gradient shows what a small change would do. What a network remembers shows in its loss by distance: in the built-in text some letters depend on one letter a known distance before. These are the bits that such a letter costs networks that learned this text, and a reader who knows all rules and has forgotten that letter."),
    wideTable(["distance", ...first.map(([low, high]) => `${low}–${high}`)], el("tbody", {},
      ...rows.map(({ label, bins }) => cells(label, bins.map(([, , bits]) => bits))),
      cells("forgotten", first.map(([, , , forgotten]) => forgotten))))];
}
