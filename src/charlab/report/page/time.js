// Time machine: what the model wrote at each snapshot of its training, and its loss there.

/** Return a chart of points and a line; `points` are [x, y], ticks are [value, name]. */
function chart({ points, xTicks, yTicks, label, dots = true }) {
  // Narrower on a phone, so that letters keep their size.
  const W = matchMedia("(min-width: 44rem)").matches ? 640 : 340, H = 240, left = 46, bottom = 40, top = 12, right = 30;
  const xs = [...points.map(([x]) => x), ...xTicks.map(([x]) => x)], ys = [...points.map(([, y]) => y), ...yTicks.map(([y]) => y)];
  const range = (values) => [Math.min(...values), Math.max(...values)];
  const [x0, x1] = range(xs), [y0, y1] = range(ys);
  const x = (value) => left + ((value - x0) / (x1 - x0 || 1)) * (W - left - right);
  const y = (value) => H - bottom - ((value - y0) / (y1 - y0 || 1)) * (H - bottom - top);
  const root = svg("svg", { viewBox: `0 0 ${W} ${H}`, class: "chart", role: "img", "aria-label": label });
  root.style.maxWidth = `${W}px`;
  let free = Infinity;
  // From the right, names for which there is room; a digit is 8 wide at most.
  for (const [value, name] of [...xTicks].reverse()) {
    const half = 4 * name.length, middle = Math.min(x(value), W - half);
    if (middle + half + 4 > free) continue;
    free = middle - half;
    root.append(svg("text", { x: middle, y: H - bottom + 16, "text-anchor": "middle" }, name));
  }
  for (const [value, name] of yTicks) {
    root.append(svg("line", { x1: left, x2: W - right, y1: y(value), y2: y(value), class: "axis" }),
      svg("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, name));
  }
  root.append(svg("polyline", { class: "line", points: points.map((point) => `${x(point[0])},${y(point[1])}`).join(" ") }),
    ...(dots ? points : []).map(([px, py]) => svg("circle", { class: "point", cx: x(px), cy: y(py), r: 3.5 })));
  return { root, x, y, name: (text) => root.append(svg("text", { x: (left + W - right) / 2, y: H - 6, "text-anchor": "middle" }, text)) };
}

function openTime(panel, page, settings) {
  const { snapshots } = page.data;
  if (snapshots.length < 2) {
    panel.append(el("p", {}, "This run kept no snapshots (train.snapshots)."));
    return {};
  }
  // A logarithmic axis: most of the learning is at the beginning.
  const place = ({ chars }) => Math.log10(chars + 1000);
  const losses = snapshots.map(({ val_bpc: loss }) => loss);
  const yTicks = [];
  for (let tick = Math.floor(Math.min(...losses)); tick <= Math.ceil(Math.max(...losses)); tick++) yTicks.push([tick, String(tick)]);
  const drawn = chart({
    points: snapshots.map((snapshot) => [place(snapshot), snapshot.val_bpc]), yTicks,
    xTicks: snapshots.map((snapshot) => [place(snapshot), count(snapshot.chars)]),
    label: `Loss on val falls from ${losses[0].toFixed(2)} to ${losses.at(-1).toFixed(2)} bits per character`,
  });
  drawn.name("characters read; loss on val in bits per character");
  const marker = svg("circle", { class: "now", r: 7 });
  drawn.root.append(marker);
  const at = slider(settings.get("at") ?? 0, 0, snapshots.length - 1, 1, () => { remember(); show(); });
  const facts = el("p", { role: "status" }), letters = new Letters("What the model wrote at this snapshot", () => {});
  panel.append(
    el("p", {}, "The same prompt and the same random numbers, while the model learned."),
    field("Snapshot of the training", at), drawn.root, facts, letters.element);

  function remember() {
    address("time", { at: at.value });
  }

  function count(chars) {
    if (chars >= 1e6) return `${(chars / 1e6).toFixed(1)} M`;
    return chars >= 1000 ? `${Math.round(chars / 1000)} k` : String(chars);
  }

  function show() {
    const snapshot = snapshots[Number(at.value)];
    at.setAttribute("aria-valuetext", `${count(snapshot.chars)} characters read`);
    marker.setAttribute("cx", drawn.x(place(snapshot)));
    marker.setAttribute("cy", drawn.y(snapshot.val_bpc));
    const words = snapshot.real_words === null ? "" : `; ${percent(snapshot.real_words)} of its words are in the training text`;
    facts.textContent = `After ${snapshot.chars.toLocaleString("en")} characters: ${snapshot.val_bpc.toFixed(3)} bits per character on val${words}. Temperature ${snapshot.temperature}.`;
    letters.clear();
    for (const char of page.data.prompt) letters.add(char, "prompt", {});
    for (const char of snapshot.text) letters.add(char, "s0", {});
  }

  show();
  return { remember };
}
