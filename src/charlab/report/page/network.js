// A trained network, forward only. The weights are those of the run, rounded to int8 (weights.py).
// For G gates (rnn 1, gru 3, lstm 4) and H units, every layer computes, as the library does,
//   rnn   h' = phi(x + W h + b)
//   lstm  i, f, o = s(x + W h + b), g = phi(...);  c' = f c + i g;  h' = o phi(c')
//   gru   r, z = s(x + W h + b);  n = phi(x_n + r (W_n h + b_n));  h' = (1 - z) n + z h

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
/** Faster than Math.tanh; the error is below 1e-15. */
const tanh = (x) => 1 - 2 / (1 + Math.exp(2 * x));
const ACTIVATIONS = { tanh, sigmoid, relu: (x) => (x > 0 ? x : 0) };
const GATES = { rnn: 1, gru: 3, lstm: 4 };
const GATE_NAMES = { rnn: [], gru: ["r", "z", "n"], lstm: ["i", "f", "g", "o"] };

/** Return the tensors of a network by name, as Float32Array or Int32Array. */
function unpack({ tensors, data }) {
  const { buffer } = decoded(data), result = {};
  for (const { name, shape, kind, at } of tensors) {
    const size = shape.reduce((a, b) => a * b, 1);
    if (kind === "i32") result[name] = new Int32Array(buffer, at, size);
    else if (kind === "f32") result[name] = new Float32Array(buffer, at, size);
    else result[name] = scaled(buffer, at, size, shape[shape.length - 1]);
  }
  return result;
}

/** Return int8 rows times their scales. */
function scaled(buffer, at, size, columns) {
  const rows = size / columns;
  const scales = new Float32Array(buffer, at, rows);
  const whole = new Int8Array(buffer, at + 4 * rows, size);
  const values = new Float32Array(size);
  for (let r = 0; r < rows; r++) {
    for (let k = r * columns; k < (r + 1) * columns; k++) values[k] = whole[k] * scales[r];
  }
  return values;
}

class Network {
  constructor(entry) {
    const { cell, activation, hidden, layers, vocab_size: size } = entry;
    const rows = GATES[cell] * hidden, width = padded(rows), outputs = padded(size);
    Object.assign(this, { cell, hidden, layers, size, rows, width, phi: ACTIVATIONS[activation], entry });
    const w = unpack(entry);
    const memory = size * width + layers * (2 * hidden + 4) * width + (hidden + 2) * outputs + 2 * layers * hidden;
    this.arena = new Arena(memory, 8 * layers + 8);
    this.stack = Array.from({ length: layers }, (_, depth) => this.layer(w, depth));
    this.table = this.transposed(w["rnn.weight_ih_l0"], rows, size); // (V, G*H)
    this.head = this.transposed(w["head.weight"], size, hidden); // (H, V)
    this.headBias = w["head.bias"];
    this.start = { h: w["initial.h"], c: w["initial.c"] };
    this.inputRows = w["input.rows"];
    this.directRows = w["direct.rows"];
    this.ngrams = w.ngrams ? rowsByKey(w.ngrams, size) : null;
    this.pre = this.arena.floats(width);
    this.sums = this.arena.floats(width);
    this.paddedLogits = this.arena.floats(outputs);
    this.logits = this.paddedLogits.subarray(0, size);
    // The product reads h from the arena only.
    this.h = Array.from({ length: layers }, () => this.arena.floats(hidden));
  }

  /** Return a matrix (rows, columns) as (columns, padded rows). */
  transposed(matrix, rows, columns) {
    const width = padded(rows), result = this.arena.floats(columns * width);
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) result[c * width + r] = matrix[r * columns + c];
    }
    return result;
  }

  /** Return the weights of a layer, with the biases that can be added beforehand. */
  layer(w, depth) {
    const get = (name) => w[`rnn.${name}_l${depth}`];
    const bias = this.arena.floats(this.width), candidate = this.arena.floats(this.width);
    bias.set(get("bias_ih"));
    get("bias_hh").forEach((value, k) => {
      // The reset gate of a GRU scales W_n h + b_n, so this bias stays apart.
      if (this.cell === "gru" && k >= 2 * this.hidden) candidate[k] = value;
      else bias[k] += value;
    });
    const turn = (name) => this.transposed(get(name), this.rows, this.hidden);
    return { inward: depth ? turn("weight_ih") : null, recurrent: turn("weight_hh"), bias, candidate };
  }

  /** Return the state before the first character. */
  initialState() {
    const part = (values) => Array.from({ length: this.layers }, (_, d) => values
      ? values.slice(d * this.hidden, (d + 1) * this.hidden)
      : new Float32Array(this.hidden));
    return { h: part(this.start.h), c: part(this.start.c), before: [-1, -1] };
  }

  /**
   * Read a character; change the state; return the logits, which the next call overwrites.
   * `keep`, if given, gets for each layer its gates, the state before and after, and its sums.
   */
  step(id, state, keep = null) {
    const { arena, pre, hidden: H, width } = this;
    const rows = this.ngrams ? this.lookUp(id, state.before) : null;
    for (let depth = 0; depth < this.layers; depth++) {
      const { inward, recurrent, bias, candidate } = this.stack[depth];
      const h = this.h[depth], c = state.c[depth];
      const kept = keep ? { hBefore: state.h[depth].slice(), cBefore: c.slice() } : null;
      h.set(state.h[depth]);
      pre.set(bias);
      if (depth) arena.product(this.h[depth - 1], inward, pre, 1, H, width);
      else this.addInput(id, rows, pre);
      if (this.cell === "gru") {
        this.sums.set(candidate);
        arena.product(h, recurrent, this.sums, 1, H, width);
        this.gru(pre, this.sums, h, kept);
      } else {
        arena.product(h, recurrent, pre, 1, H, width);
        if (this.cell === "lstm") this.lstm(pre, h, c, kept);
        else for (let k = 0; k < H; k++) h[k] = this.phi(pre[k]);
      }
      state.h[depth].set(h);
      if (keep) keep.push(Object.assign(kept, { pre: pre.slice(0, this.rows), h: h.slice(), c: c.slice() }));
    }
    this.logits.set(this.headBias);
    arena.product(this.h[this.layers - 1], this.head, this.paddedLogits, 1, H, this.paddedLogits.length);
    if (this.directRows) this.addRows(this.directRows, "direct.rows", rows, this.logits);
    return this.logits;
  }

  addInput(id, rows, pre) {
    const table = this.table, at = id * this.width;
    for (let k = 0; k < this.rows; k++) pre[k] += table[at + k];
    if (this.inputRows) this.addRows(this.inputRows, "input.rows", rows, pre.subarray(0, this.rows));
  }

  lstm(pre, h, c, kept) {
    const H = this.hidden, phi = this.phi;
    const gates = kept ? GATE_NAMES.lstm.map(() => new Float64Array(H)) : null;
    for (let k = 0; k < H; k++) {
      const i = sigmoid(pre[k]), f = sigmoid(pre[H + k]), g = phi(pre[2 * H + k]), o = sigmoid(pre[3 * H + k]);
      c[k] = f * c[k] + i * g;
      h[k] = o * phi(c[k]);
      if (gates) [gates[0][k], gates[1][k], gates[2][k], gates[3][k]] = [i, f, g, o];
    }
    if (kept) kept.gates = gates;
  }

  gru(pre, sums, h, kept) {
    const H = this.hidden;
    const gates = kept ? GATE_NAMES.gru.map(() => new Float64Array(H)) : null;
    for (let k = 0; k < H; k++) {
      const r = sigmoid(pre[k] + sums[k]), z = sigmoid(pre[H + k] + sums[H + k]);
      const n = this.phi(pre[2 * H + k] + r * sums[2 * H + k]);
      h[k] = (1 - z) * n + z * h[k];
      if (gates) [gates[0][k], gates[1][k], gates[2][k]] = [r, z, n];
    }
    if (kept) Object.assign(kept, { gates, sums: sums.slice(0, 3 * H) });
  }

  /** Return the rows of the last one, two and three characters, -1 where there is none. */
  lookUp(id, before) {
    const [c0, c1] = before, base = this.size + 1;
    const pair = (c1 + 1) * base + id + 1;
    const row = (key) => this.ngrams.get(key) ?? -1;
    before[0] = c1;
    before[1] = id;
    return [id, c1 >= 0 ? row(pair) : -1, c0 >= 0 ? row((c0 + 1) * base * base + pair) : -1];
  }

  addRows(table, name, rows, out) {
    const [start, stop, first] = this.entry.spans[name];
    for (let order = start; order < stop; order++) {
      if (rows[order] < 0) continue;
      const at = (rows[order] - first) * out.length;
      for (let k = 0; k < out.length; k++) out[k] += table[at + k];
    }
  }

  /** Return what the page calls a unit's activation: phi(c) of an LSTM, else h. */
  activation(state, layer, unit) {
    return this.cell === "lstm" ? this.phi(state.c[layer][unit]) : state.h[layer][unit];
  }
}

/** Return the row of each n-gram; a bigram begins with -1. */
function rowsByKey(ngrams, size) {
  const result = new Map(), base = size + 1;
  for (let k = 0; k < ngrams.length; k += 3) {
    const key = ((ngrams[k] + 1) * base + ngrams[k + 1] + 1) * base + ngrams[k + 2] + 1;
    result.set(key, size + k / 3);
  }
  return result;
}
