// Training a network of one layer in the page: truncated backpropagation through time and Adam.
// Matrices are stored transposed, (inputs, outputs), with rows padded as the product needs.

class Learner {
  /** `options`: cell, hidden (a multiple of 16), size of the vocabulary, batch, steps, seed. */
  constructor({ cell, hidden, size, batch = 16, steps = 32, seed = 1 }) {
    const R = GATES[cell] * hidden, V = padded(size), N = batch * steps;
    Object.assign(this, { cell, hidden, size, batch, steps, R, V, N, updates: 0 });
    const shapes = { table: size * R, recurrent: hidden * R, bias: R, head: hidden * V, headBias: V };
    if (cell === "gru") shapes.candidate = R; // of W_n h + b_n; only its last third is used
    const count = Object.values(shapes).reduce((a, b) => a + b, 0);
    this.arena = new Arena(4 * count + hidden * (R + V) + 2 * N * (R + V) + 8 * (N + batch) * hidden + 4 * batch * R, 80);
    const floats = (n) => this.arena.floats(n);
    this.weights = {};
    this.gradients = {};
    this.first = {};
    this.second = {};
    for (const [name, n] of Object.entries(shapes)) {
      for (const part of ["weights", "gradients", "first", "second"]) this[part][name] = floats(n);
    }
    this.sums = floats(N * R); // gates after their nonlinearity (N, R), then their derivatives
    this.memory = cell === "gru" ? floats(N * R) : null; // W h + b of a GRU
    this.h = floats((N + batch)* hidden); // states (T + 1, B, H), the first from the chunk before
    this.c = floats((N + batch) * hidden);
    this.logits = floats(N * V);
    this.dh = floats((N + batch) * hidden);
    this.dc = floats(batch * hidden);
    this.dNext = floats(batch * hidden);
    this.recurrentT = floats(hidden * R);
    this.headT = floats(hidden * V);
    this.initialize(uniforms(seed));
  }

  initialize(random) {
    const { hidden, size, V } = this, bound = 1 / Math.sqrt(hidden);
    const fill = (values, scale) => { for (let k = 0; k < values.length; k++) values[k] = scale * (2 * random() - 1); };
    fill(this.weights.table, bound);
    fill(this.weights.recurrent, bound);
    for (let k = 0; k < hidden; k++) for (let v = 0; v < size; v++) this.weights.head[k * V + v] = bound * (2 * random() - 1);
    // A forget gate that is open at first lets gradients through.
    if (this.cell === "lstm") this.weights.bias.fill(1, hidden, 2 * hidden);
  }

  /** Forget everything read so far. */
  reset() {
    this.h.fill(0);
    this.c.fill(0);
  }

  /** Return the loss in nats of `targets` after `inputs`, both (T, B), and keep what backward() needs. */
  forward(inputs, targets) {
    const { arena, weights: w, batch: B, steps: T, hidden: H, R, V, N, size, h, c } = this;
    // The state goes on from the end of the chunk before.
    h.copyWithin(0, T * B * H);
    c.copyWithin(0, T * B * H);
    for (let n = 0; n < N; n++) {
      const row = this.sums.subarray(n * R, (n + 1) * R), from = inputs[n] * R;
      for (let k = 0; k < R; k++) row[k] = w.table[from + k] + w.bias[k];
    }
    for (let t = 0; t < T; t++) {
      const before = h.subarray(t * B * H), sums = this.sums.subarray(t * B * R);
      if (this.cell === "gru") {
        const memory = this.memory.subarray(t * B * R);
        for (let b = 0; b < B; b++) memory.set(w.candidate, b * R);
        arena.product(before, w.recurrent, memory, B, H, R);
      } else arena.product(before, w.recurrent, sums, B, H, R);
      for (let b = 0; b < B; b++) this.cellForward(t * B + b);
    }
    for (let n = 0; n < N; n++) this.logits.set(w.headBias, n * V);
    arena.product(h.subarray(B * H), w.head, this.logits, N, H, V);
    let loss = 0;
    for (let n = 0; n < N; n++) {
      const row = this.logits.subarray(n * V, n * V + size);
      softmax(row, row);
      loss -= Math.log(row[targets[n]] + 1e-30);
    }
    return loss / N;
  }

  /** Compute the state after step n = t B + b from its sums. */
  cellForward(n) {
    const { hidden: H, R, batch: B, sums, h, c } = this, at = n * R, old = n * H, now = (n + B) * H;
    for (let k = 0; k < H; k++) {
      if (this.cell === "rnn") h[now + k] = sums[at + k] = tanh(sums[at + k]);
      else if (this.cell === "lstm") {
        const i = sigmoid(sums[at + k]), f = sigmoid(sums[at + H + k]), g = tanh(sums[at + 2 * H + k]), o = sigmoid(sums[at + 3 * H + k]);
        sums[at + k] = i;
        sums[at + H + k] = f;
        sums[at + 2 * H + k] = g;
        sums[at + 3 * H + k] = o;
        c[now + k] = f * c[old + k] + i * g;
        h[now + k] = o * tanh(c[now + k]);
      } else {
        const m = this.memory, r = sigmoid(sums[at + k] + m[at + k]), z = sigmoid(sums[at + H + k] + m[at + H + k]);
        const v = tanh(sums[at + 2 * H + k] + r * m[at + 2 * H + k]);
        sums[at + k] = r;
        sums[at + H + k] = z;
        sums[at + 2 * H + k] = v;
        h[now + k] = (1 - z) * v + z * h[old + k];
      }
    }
  }

  /** Write the gradients of the loss of the last forward(). */
  backward(inputs, targets) {
    const { arena, weights: w, gradients: g, batch: B, steps: T, hidden: H, R, V, N, size } = this;
    for (const values of Object.values(g)) values.fill(0);
    for (let n = 0; n < N; n++) {
      this.logits[n * V + targets[n]] -= 1;
      for (let v = 0; v < size; v++) g.headBias[v] += this.logits[n * V + v] /= N;
      this.logits.fill(0, n * V + size, (n + 1) * V);
    }
    arena.product(this.h.subarray(B * H), this.logits, g.head, H, N, V, 1, H);
    transpose(w.head, H, V, this.headT);
    transpose(w.recurrent, H, R, this.recurrentT);
    this.dh.fill(0);
    arena.product(this.logits, this.headT, this.dh, N, V, H);
    this.dc.fill(0);
    this.dNext.fill(0);
    for (let t = T - 1; t >= 0; t--) {
      for (let b = 0; b < B; b++) this.cellBackward(t * B + b, b);
      // A GRU has its derivatives in W h + b apart from those in the sums of the letter.
      const d = (this.memory || this.sums).subarray(t * B * R);
      arena.product(d, this.recurrentT, this.dNext, B, R, H);
    }
    const d = this.memory || this.sums;
    arena.product(this.h, d, g.recurrent, H, N, R, 1, H);
    for (let n = 0; n < N; n++) {
      const row = n * R, to = inputs[n] * R;
      for (let k = 0; k < R; k++) {
        g.bias[k] += this.sums[row + k];
        g.table[to + k] += this.sums[row + k];
      }
      if (g.candidate) for (let k = 2 * H; k < R; k++) g.candidate[k] += d[row + k];
    }
  }

  /** Turn the values of step n into derivatives; leave in dNext what the state before gets directly. */
  cellBackward(n, b) {
    const { hidden: H, R, batch: B, sums, memory, h, c, dh, dc, dNext } = this, at = n * R, old = n * H, now = (n + B) * H;
    for (let k = 0; k < H; k++) {
      const d = dh[old + k] + dNext[b * H + k];
      dNext[b * H + k] = 0;
      if (this.cell === "rnn") sums[at + k] = d * (1 - h[now + k] ** 2);
      else if (this.cell === "lstm") {
        const i = sums[at + k], f = sums[at + H + k], g = sums[at + 2 * H + k], o = sums[at + 3 * H + k], s = tanh(c[now + k]);
        const e = dc[b * H + k] + d * o * (1 - s * s);
        sums[at + k] = e * g * i * (1 - i);
        sums[at + H + k] = e * c[old + k] * f * (1 - f);
        sums[at + 2 * H + k] = e * i * (1 - g * g);
        sums[at + 3 * H + k] = d * s * o * (1 - o);
        dc[b * H + k] = e * f;
      } else {
        const r = sums[at + k], z = sums[at + H + k], v = sums[at + 2 * H + k], dv = d * (1 - z) * (1 - v * v);
        sums[at + k] = dv * memory[at + 2 * H + k] * r * (1 - r);
        sums[at + H + k] = d * (h[old + k] - v) * z * (1 - z);
        sums[at + 2 * H + k] = dv;
        memory[at + k] = sums[at + k];
        memory[at + H + k] = sums[at + H + k];
        memory[at + 2 * H + k] = dv * r;
        dNext[b * H + k] = d * z;
      }
    }
  }

  /** Return the norm of all gradients; scale them to `clip` if they are larger and clip is not 0. */
  clip(limit) {
    let squares = 0;
    for (const values of Object.values(this.gradients)) for (let k = 0; k < values.length; k++) squares += values[k] * values[k];
    const norm = Math.sqrt(squares);
    if (limit > 0 && norm > limit) {
      for (const values of Object.values(this.gradients)) for (let k = 0; k < values.length; k++) values[k] *= limit / norm;
    }
    return norm;
  }

  /** Take a step against the gradients: Adam with betas 0.9 and 0.99, or plain descent. */
  update(rate, optimizer = "adam") {
    this.updates += 1;
    const one = 1 - 0.9 ** this.updates, two = 1 - 0.99 ** this.updates;
    for (const [name, w] of Object.entries(this.weights)) {
      const g = this.gradients[name], m = this.first[name], v = this.second[name];
      for (let k = 0; k < w.length; k++) {
        if (optimizer === "sgd") { w[k] -= rate * g[k]; continue; }
        m[k] += 0.1 * (g[k] - m[k]);
        v[k] += 0.01 * (g[k] * g[k] - v[k]);
        w[k] -= (rate * m[k] / one) / (Math.sqrt(v[k] / two) + 1e-8);
      }
    }
  }

  /** Return `length` ids that the network writes after `id`, from a state of zeros. */
  write(id, length, temperature, random) {
    const { hidden: H, R, V, size, weights: w, cell } = this, ids = [];
    const h = new Float32Array(H), c = new Float32Array(H), logits = new Float64Array(size), room = new Float64Array(size);
    for (let n = 0; n < length; n++) {
      const x = Float64Array.from(w.bias, (value, k) => value + w.table[id * R + k]), m = cell === "gru" ? Float64Array.from(w.candidate) : x;
      for (let j = 0; j < H; j++) for (let k = 0, p = j * R; k < R; k++) m[k] += h[j] * w.recurrent[p + k];
      for (let k = 0; k < H; k++) {
        if (cell === "rnn") h[k] = tanh(x[k]);
        else if (cell === "lstm") {
          c[k] = sigmoid(x[H + k]) * c[k] + sigmoid(x[k]) * tanh(x[2 * H + k]);
          h[k] = sigmoid(x[3 * H + k]) * tanh(c[k]);
        } else {
          const z = sigmoid(x[H + k] + m[H + k]);
          h[k] = (1 - z) * tanh(x[2 * H + k] + sigmoid(x[k] + m[k]) * m[2 * H + k]) + z * h[k];
        }
      }
      for (let v = 0; v < size; v++) {
        logits[v] = w.headBias[v];
        for (let k = 0; k < H; k++) logits[v] += h[k] * w.head[k * V + v];
      }
      id = choose(logits, { temperature, topK: 0 }, random(), room);
      ids.push(id);
    }
    return ids;
  }
}

function transpose(matrix, rows, columns, out) {
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = matrix[r * columns + c];
}

/** Chunks (T, B) of a text that is cut into B parts side by side; `next()` gives one after another. */
class Chunks {
  constructor(ids, batch, steps) {
    Object.assign(this, { ids, batch, steps, at: 0 });
    this.part = Math.floor((ids.length - 1) / batch);
    this.inputs = new Int32Array(batch * steps);
    this.targets = new Int32Array(batch * steps);
  }

  /** Fill inputs and targets; return whether the text began anew. */
  next() {
    const again = this.at + this.steps > this.part;
    if (again) this.at = 0;
    for (let t = 0; t < this.steps; t++) {
      for (let b = 0; b < this.batch; b++) {
        const from = b * this.part + this.at + t;
        this.inputs[t * this.batch + b] = this.ids[from];
        this.targets[t * this.batch + b] = this.ids[from + 1];
      }
    }
    this.at += this.steps;
    return again;
  }
}
