// Text in which each letter has a color, and shows more on hover, tap, or by the arrow keys.

/** Upper ends in bits of the classes s0, s1, ... of surprise. */
const SURPRISE = [0.5, 1, 2, 3.5, 5.5, 8];

function surpriseClass(bits) {
  const place = SURPRISE.findIndex((end) => bits < end);
  return `s${place < 0 ? SURPRISE.length : place}`;
}

/** Return the legend of the colors of surprise. */
function surpriseLegend() {
  const names = SURPRISE.map((end, k) => `${k ? SURPRISE[k - 1] : 0}–${end}`).concat(`${SURPRISE.at(-1)} or more`);
  return el("p", { className: "legend" }, "Surprise in bits: ",
    ...names.map((name, k) => el("span", { className: `letter s${k}` }, name)));
}

class Letters {
  /** `show(item)` is called with the data of the letter that the reader points at. */
  constructor(label, show) {
    this.items = [];
    this.at = -1;
    this.show = show;
    this.element = el("div", {
      className: "letters", tabIndex: 0, dir: "auto", role: "group", "aria-label": label,
      on: {
        mouseover: (event) => this.point(event.target),
        click: (event) => this.point(event.target),
        keydown: (event) => this.key(event),
      },
    });
  }

  clear() {
    this.items = [];
    this.at = -1;
    this.element.replaceChildren();
  }

  /** Return whether the last line is in view. */
  atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    return scrollHeight - scrollTop - clientHeight < 30;
  }

  /** Add a letter with the class of its color; `item` is given back to `show`. */
  add(char, className, item) {
    const span = el("span", { className: `letter ${className}` }, visible(char));
    span.dataset.at = this.items.length;
    this.items.push({ char, ...item });
    this.element.append(span);
  }

  point(target) {
    const at = target.dataset?.at;
    if (at !== undefined) this.select(Number(at));
  }

  select(at) {
    this.element.children[this.at]?.classList.remove("at");
    this.at = at;
    this.element.children[at].classList.add("at");
    this.show(this.items[at], at);
  }

  key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !this.items.length) return;
    event.preventDefault();
    this.select(Math.max(0, Math.min(this.items.length - 1, this.at < 0 ? 0 : this.at + step)));
    announce(spoken(this.items[this.at]));
  }
}

/** Return a letter and its value in a few words. */
function spoken({ char, bits, value }) {
  if (bits !== undefined) return `${named(char)}, ${bitsText(bits)}`;
  return value === undefined ? named(char) : `${named(char)}, ${value.toFixed(2)}`;
}

/** Show the surprise of a letter and the ten likeliest as bars in `box`. */
function showLikeliest(box, label, item, vocabulary) {
  if (!item.best) {
    box.replaceChildren(el("p", {}, `${label}: “${named(item.char)}” is part of the prompt.`));
    return;
  }
  const rows = item.best.map(([id, p]) => {
    const bar = el("span", { className: "bar" });
    bar.style.width = `${100 * p}%`;
    const row = el("li", { className: id === item.id ? "chosen" : "" },
      el("span", { className: "name" }, named(vocabulary.chars[id])), el("span", { className: "track" }, bar),
      el("span", { className: "value" }, percent(p)));
    return row;
  });
  box.replaceChildren(
    el("p", {}, `${label}: “${named(item.char)}” had ${percent(2 ** -item.bits)}, a surprise of ${bitsText(item.bits)}; it was number ${item.rank} in the network’s order.`),
    el("ol", { className: "bars", "aria-label": "The ten likeliest letters" }, ...rows));
}
