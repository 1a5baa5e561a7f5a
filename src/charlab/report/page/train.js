// Train here: a network of 64 units learns a text in the page, and can be broken.

const TRAIN_UNITS = 64;
const TRAIN_BATCH = 16;
const TRAIN_STEPS = 32;
const TRAIN_LONGEST = 200000;

/** Seconds between two announcements of the loss to a screen reader. */
const SPOKEN_EVERY = 15;

function openTrain(panel, page, settings) {
  const source = options([["built-in", "the built-in invented text"], ["own", "my own text"]], "built-in", () => { own.hidden = source.value !== "own"; });
  const text = el("textarea", { rows: 5, maxLength: TRAIN_LONGEST, placeholder: "Paste at least 2,000 characters." });
  const own = el("div", { hidden: true }, field("Text", text));
  const cell = options([["lstm", "LSTM"], ["gru", "GRU"], ["rnn", "RNN"]], settings.get("cell") ?? "lstm", remember);
  const rate = options([0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10].map((value) => [value, String(value)]), settings.get("rate") ?? 0.01, remember);
  const clip = options([[1, "norm at most 1"], [0.1, "norm at most 0.1"], [0, "none"]], settings.get("clip") ?? 1, remember);
  const optimizer = options([["adam", "Adam"], ["sgd", "gradient descent"]], settings.get("optimizer") ?? "adam", remember);
  const toggle = el("button", { className: "main", on: { click: () => (stop ? pause() : go()) } }, "Train");
  const anew = el("button", { on: { click: forget } }, "Forget everything");
  const status = el("p", { className: "progress" }), plot = el("div", {}), sample = el("div", { className: "letters", tabIndex: 0, "aria-label": "A sample of the network", role: "group" });
  let learner = null, stop = null, run = null;
  panel.append(
    el("p", {}, `A network of ${TRAIN_UNITS} units learns here, by the same equations as those of the study, from random weights. Rate, clipping and optimizer can be changed while it learns; another cell starts anew. To break it, try a rate of 10, or gradient descent at a rate of 3 without clipping.`),
    field("Text", source), own,
    el("div", { className: "controls" }, field("Cell", cell), field("Learning rate", rate), field("Clip the gradient", clip), field("Optimizer", optimizer)),
    el("div", { className: "buttons" }, toggle, anew), status, plot, sample);

  function remember() {
    address("train", { cell: cell.value, rate: rate.value, clip: clip.value, optimizer: optimizer.value });
    if (learner && learner.cell !== cell.value) forget();
  }

  /** Show a message and let a screen reader say it. */
  function say(text) {
    status.textContent = text;
    announce(text);
  }

  function forget() {
    pause();
    learner = null;
    plot.replaceChildren();
    sample.replaceChildren();
    status.textContent = "";
  }

  /** Start from random weights; return false if the text cannot be learned. */
  function prepare() {
    const chars = [...(source.value === "own" ? text.value : page.data.builtin).slice(0, TRAIN_LONGEST)];
    const known = [...new Set(chars)].sort(), places = new Map(known.map((char, id) => [char, id]));
    if (chars.length < 2000 || known.length > 500) {
      say(`Expected at least 2,000 characters and at most 500 different ones, found ${chars.length} and ${known.length}.`);
      return false;
    }
    const ids = Int32Array.from(chars, (char) => places.get(char));
    // The last part is never trained on.
    const cut = Math.floor(ids.length * 0.95);
    learner = new Learner({ cell: cell.value, hidden: TRAIN_UNITS, size: known.length, batch: TRAIN_BATCH, steps: TRAIN_STEPS, seed: 1 });
    run = {
      known, chunks: new Chunks(ids.subarray(0, cut), TRAIN_BATCH, TRAIN_STEPS),
      unseen: ids.length - cut > TRAIN_BATCH * TRAIN_STEPS ? new Chunks(ids.subarray(cut), TRAIN_BATCH, TRAIN_STEPS) : null,
      curve: [], loss: null, norm: 0, seconds: 0, shown: -1, sampled: -1, spoken: 0, broken: false, unseenLoss: null,
    };
    return true;
  }

  function update() {
    const began = performance.now(), { chunks } = run;
    if (chunks.next()) learner.reset();
    const loss = learner.forward(chunks.inputs, chunks.targets);
    learner.backward(chunks.inputs, chunks.targets);
    run.norm = learner.clip(Number(clip.value));
    learner.update(Number(rate.value), optimizer.value);
    run.seconds += (performance.now() - began) / 1000;
    if (!Number.isFinite(loss) || !Number.isFinite(run.norm)) {
      pause();
      say(`Broken after ${learner.updates} updates: the ${Number.isFinite(loss) ? "gradient" : "loss"} is no longer a number. Forget everything, and try a smaller rate or clipping.`);
      learner = null;
      return false;
    }
    run.loss = run.loss === null ? loss : run.loss + Math.max(0.03, 1 / learner.updates) * (loss - run.loss);
    if (run.seconds - run.shown > 0.4) show();
    return true;
  }

  /** Return the loss of a part that is never trained on, from a state of zeros. */
  function unseen() {
    if (!run.unseen) return null;
    const h = learner.h.slice(), c = learner.c.slice();
    let total = 0, count = 0;
    learner.reset();
    run.unseen.at = 0;
    for (let k = 0; k < 4 && run.unseen.at + TRAIN_STEPS <= run.unseen.part; k++) {
      run.unseen.next();
      const loss = learner.forward(run.unseen.inputs, run.unseen.targets);
      if (k > 0) { total += loss; count += 1; } // the first chunk has no context
    }
    learner.h.set(h);
    learner.c.set(c);
    return count ? total / count : null;
  }

  function show() {
    run.shown = run.seconds;
    const read = learner.updates * TRAIN_BATCH * TRAIN_STEPS;
    run.curve.push([read, run.loss / Math.LN2]);
    if (run.curve.length > 400) run.curve = run.curve.filter((_, k) => k % 2 === 0);
    if (run.seconds - run.sampled > 2) {
      run.sampled = run.seconds;
      run.unseenLoss = unseen();
      const start = Math.max(run.known.indexOf("\n"), 0);
      sample.textContent = learner.write(start, 300, 0.6, uniforms(1)).map((id) => visible(run.known[id])).join("");
    }
    const most = Math.ceil(Math.max(...run.curve.map(([, y]) => y))), far = run.curve.at(-1)[0];
    const drawn = chart({
      points: run.curve, label: `Loss falls to ${(run.loss / Math.LN2).toFixed(2)} bits per character after ${read} characters`,
      yTicks: Array.from({ length: Math.min(most, 12) + 1 }, (_, k) => [k * Math.ceil(most / 12), String(k * Math.ceil(most / 12))]), xTicks: [[0, "0"], [far, far.toLocaleString("en")]], dots: false,
    });
    drawn.name("characters read; loss in bits per character");
    plot.replaceChildren(drawn.root);
    if (run.seconds - run.spoken > SPOKEN_EVERY) {
      run.spoken = run.seconds;
      announce(`${run.seconds.toFixed(0)} seconds, loss ${run.loss.toFixed(2)} nats`);
    }
    const guessing = Math.log(run.known.length), broken = learner.updates > 30 && run.loss > 1.1 * guessing;
    const verdict = broken ? `Broken: worse than guessing, which costs ${guessing.toFixed(2)} nats. ` : "";
    if (broken && !run.broken) announce(verdict);
    run.broken = broken;
    const held = run.unseenLoss === null ? "" : ` (unseen part: ${run.unseenLoss.toFixed(2)})`;
    status.textContent = `${verdict}${run.seconds.toFixed(0)} s, ${read.toLocaleString("en")} characters: loss ${run.loss.toFixed(3)} nats${held} = ${(run.loss / Math.LN2).toFixed(3)} bits per character; gradient norm ${run.norm.toPrecision(2)}; ${Math.round(read / run.seconds).toLocaleString("en")} characters per second.`;
  }

  function go() {
    if (!learner && !prepare()) return;
    stop = inSlices(update);
    toggle.textContent = "Pause";
  }

  function pause() {
    stop?.();
    stop = null;
    toggle.textContent = "Train";
  }

  return { hide: pause, remember };
}
