// Elements, and the state of the page in its address. Text enters the page as text only.

/** Return a new element; a child that is no element becomes text. */
function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
    else if (name in element && name !== "list") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Return a new element of SVG. */
function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Return a labelled control; `hint` follows the label and may be changed later. */
function field(label, control, hint = null) {
  return el("label", { className: "field" }, el("span", {}, label, " ", hint), control);
}

function slider(value, min, max, step, listener) {
  const control = el("input", { type: "range" });
  // The limits first, or the browser would clamp the value to its own.
  Object.assign(control, { min, max, step });
  control.value = value;
  control.addEventListener("input", listener);
  return control;
}

function options(values, chosen, listener) {
  const control = el("select", { on: { change: listener } });
  for (const [value, label] of values) control.append(el("option", { value }, label));
  if (chosen !== undefined) control.value = chosen;
  // An address may name an option that this page does not have.
  if (control.selectedIndex < 0) control.selectedIndex = 0;
  return control;
}

/** Return a table that scrolls in its box; `attributes` are those of the box. */
function wideTable(head, body, attributes = {}) {
  return el("div", { className: "wide", tabIndex: 0, ...attributes }, el("table", {},
    el("thead", {}, el("tr", {}, ...head.map((name) => el("th", { scope: "col" }, name)))), body));
}

/** Return the unit of a network with the strongest correlation on val, if any was evaluated. */
function tellingUnit({ units }) {
  return [...units].sort((a, b) => Math.abs(b.val_correlation) - Math.abs(a.val_correlation))[0];
}

/** Return number fields for a layer, from 1, and a unit; `limit(network)` keeps them within it. */
function unitFields(settings, listener) {
  const whole = (min, value) => el("input", { type: "number", min, value, on: { change: listener } });
  const layer = whole(1, Number(settings.get("layer") ?? 0) + 1), unit = whole(0, settings.get("unit") ?? 0);
  const within = (control, low, high) => {
    control.max = high;
    control.value = Math.min(Math.max(Math.trunc(control.value) || low, low), high);
  };
  const set = (row) => { if (row) [layer.value, unit.value] = [row.layer + 1, row.unit]; };
  return { layer, unit, set, limit: ({ layers, hidden }) => { within(layer, 1, layers); within(unit, 0, hidden - 1); } };
}

const bitsText = (value) => `${value.toFixed(2)} bit${value === 1 ? "" : "s"}`;
const percent = (p) => (p >= 0.0995 ? `${Math.round(100 * p)} %` : `${(100 * p).toFixed(p < 0.001 ? 3 : 1)} %`);
const quietly = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

let unwritten = null;

/** Return the panel and the settings in the address: #live/write?t=0.5&prompt=Once. */
function addressed() {
  clearTimeout(unwritten);
  const match = /^#live\/([a-z]+)(?:\?(.*))?$/s.exec(location.hash);
  return match ? { panel: match[1], settings: new URLSearchParams(match[2] || "") } : null;
}

/**
 * Put a panel and its settings into the address. A new entry of the history is written at once; a
 * change of the current one after a pause, since browsers limit the changes per second.
 */
function address(panel, settings, entry = "replace") {
  clearTimeout(unwritten);
  const query = new URLSearchParams(settings).toString();
  const write = () => history[`${entry}State`](OWN_ENTRY, "", `#live/${panel}${query ? `?${query}` : ""}`);
  if (entry === "push") write();
  else unwritten = setTimeout(write, 250);
}

/** State of the entries of the history that this page wrote or has followed. */
const OWN_ENTRY = "live";

/** Let a screen reader say a sentence. */
function announce(text) {
  document.getElementById("live-said").textContent = text;
}

/** Return a function that does the work once no call has come for some milliseconds. */
function whenSettled(work, milliseconds = 300) {
  let waiting = null;
  return (...values) => {
    clearTimeout(waiting);
    waiting = setTimeout(work, milliseconds, ...values);
  };
}

/** Run work in slices of a few milliseconds until it returns false; return how to stop. */
function inSlices(work, milliseconds = 12) {
  let running = true;
  const slice = () => {
    const end = performance.now() + milliseconds;
    while (running && performance.now() < end) if (work() === false) running = false;
    if (running) setTimeout(slice);
  };
  setTimeout(slice);
  return () => { running = false; };
}
