// The values of the figures: the one nearest to the pointer, or chosen with the arrow keys.

const NEAR = 40;

/** Let every figure with values name the one under the pointer, the finger or the keyboard. */
function showValues() {
  const note = el("div", { id: "value", role: "status" });
  document.body.append(note);
  let shown = null;
  const hide = () => { note.textContent = ""; shown?.remove(); shown = null; };
  const show = (picture, point) => {
    hide();
    shown = svg("circle", { cx: point.at[0], cy: point.at[1], r: 6, class: "ring" });
    picture.append(shown);
    note.append(...point.lines.map((text) => el("span", {}, text)));
    const ring = shown.getBoundingClientRect(), { width, height } = note.getBoundingClientRect();
    note.style.left = `${Math.max(4, Math.min(ring.x + 18, document.documentElement.clientWidth - width - 4)) + scrollX}px`;
    note.style.top = `${(ring.y > height + 8 ? ring.y - height - 6 : ring.bottom + 6) + scrollY}px`;
  };
  for (const picture of document.querySelectorAll("svg.picture:has(> metadata)")) {
    let points = null, chosen = -1;
    // Most figures are never asked.
    const all = () => points ??= pointsOf(JSON.parse(picture.querySelector("metadata").textContent));
    const nearest = ({ clientX, clientY }) => {
      const place = new DOMPoint(clientX, clientY).matrixTransform(picture.getScreenCTM().inverse());
      const distances = all().map(({ at }) => Math.hypot(at[0] - place.x, at[1] - place.y));
      const least = Math.min(...distances);
      chosen = least < NEAR ? distances.indexOf(least) : -1;
      if (chosen < 0) hide(); else show(picture, all()[chosen]);
    };
    picture.tabIndex = 0;
    picture.addEventListener("pointermove", nearest);
    picture.addEventListener("pointerdown", nearest);
    picture.addEventListener("pointerleave", ({ pointerType }) => { if (pointerType === "mouse") hide(); });
    picture.addEventListener("blur", hide);
    picture.addEventListener("keydown", (event) => {
      const { length } = all(), { series } = all()[Math.max(chosen, 0)];
      const steps = {
        ArrowRight: () => chosen + 1, ArrowLeft: () => chosen - 1,
        ArrowDown: () => all().findIndex((point) => point.series > series),
        ArrowUp: () => all().findIndex((point) => point.series === Math.max(series - 1, 0)),
      };
      if (event.key === "Escape") { hide(); chosen = -1; }
      if (!steps[event.key]) return;
      event.preventDefault();
      chosen = chosen < 0 ? 0 : Math.max(0, Math.min(length - 1, steps[event.key]()));
      show(picture, all()[chosen]);
    });
  }
}

/** Return the points of all panels of a figure: where they are, and lines that say what they are. */
function pointsOf(panels) {
  const points = [];
  let number = -1;
  for (const { title, x, y, series } of panels) {
    let xs = [];
    for (const [name, own, ys, quantity, zs, signs] of series) {
      xs = own ?? xs;
      number += 1;
      ys.forEach((value, k) => points.push({
        series: number,
        at: [placed(x, xs[k]), placed(y, value)],
        lines: [[title, signs ? `${name} ${signs[k]}` : name].filter(Boolean).join(": "), said(x, xs[k]), said(y, value), zs ? `${quantity}: ${digits(zs[k])}` : ""].filter(Boolean),
      }));
    }
  }
  return points.filter(({ at }) => at.every(Number.isFinite));
}

/** Return where a value is on an axis, in the units of the picture; NaN if it is out of view. */
function placed([, scale, low, high, from, to], value) {
  const on = scale === "log" ? Math.log : Number;
  const share = (on(value) - on(low)) / (on(high) - on(low));
  return share > -0.01 && share < 1.01 ? from + share * (to - from) : NaN;
}

/** Return an axis with a value in words, nothing for an axis without a name. */
function said([label, , , , , , categories], value) {
  if (!label) return "";
  const name = label.length > 1 ? `${label}: ` : "";
  return categories.length ? `${name}${categories[Math.round(value)] ?? ""}` : name + digits(value);
}

function digits(value) {
  if (Number.isInteger(value)) return value.toLocaleString("en");
  return Math.abs(value) < 0.1 ? String(Number(value.toPrecision(3))) : value.toPrecision(4);
}
