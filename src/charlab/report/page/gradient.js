// How much the prediction of a letter depends on each letter before it: the norm of the gradient of
// its loss with respect to what that letter adds to the sums of the first layer.

/** Return phi' from y = phi(x). */
const SLOPES = { tanh: (y) => 1 - y * y, sigmoid: (y) => y * (1 - y), relu: (y) => (y > 0 ? 1 : 0) };

/** Return the derivatives in a layer's sums, and in the state before, at one step. */
function backStep(network, kept, dh, dc) {
  const H = network.hidden, { cell } = network, slope = SLOPES[network.entry.activation];
  const dx = new Float64Array(network.rows), through = new Float64Array(H), dcBefore = new Float64Array(H);
  let dsums = dx; // derivatives in W h + b; those of a GRU differ from those in x
  if (cell === "rnn") for (let k = 0; k < H; k++) dx[k] = dh[k] * slope(kept.h[k]);
  if (cell === "lstm") {
    const [i, f, g, o] = kept.gates;
    for (let k = 0; k < H; k++) {
      const squashed = network.phi(kept.c[k]);
      const d = dc[k] + dh[k] * o[k] * slope(squashed);
      dx[k] = d * g[k] * i[k] * (1 - i[k]);
      dx[H + k] = d * kept.cBefore[k] * f[k] * (1 - f[k]);
      dx[2 * H + k] = d * i[k] * slope(g[k]);
      dx[3 * H + k] = dh[k] * squashed * o[k] * (1 - o[k]);
      dcBefore[k] = d * f[k];
    }
  }
  if (cell === "gru") {
    const [r, z, n] = kept.gates;
    dsums = new Float64Array(network.rows);
    for (let k = 0; k < H; k++) {
      const dn = dh[k] * (1 - z[k]) * slope(n[k]);
      dx[k] = dn * kept.sums[2 * H + k] * r[k] * (1 - r[k]);
      dx[H + k] = dh[k] * (kept.hBefore[k] - n[k]) * z[k] * (1 - z[k]);
      dx[2 * H + k] = dn;
      dsums[k] = dx[k];
      dsums[H + k] = dx[H + k];
      dsums[2 * H + k] = dn * r[k];
      through[k] = dh[k] * z[k];
    }
  }
  return { dx, dsums, through, dcBefore };
}

/** Return W^T d for a matrix that is stored transposed, (H, width). */
function timesTransposed(matrix, width, d, out) {
  for (let k = 0; k < out.length; k++) {
    let sum = 0;
    for (let r = 0, p = k * width; r < d.length; r++) sum += matrix[p + r] * d[r];
    out[k] += sum;
  }
  return out;
}

/** Return the gradient norm for each of `ids`, of the loss of the letter `target` after them. */
function dependence(network, ids, target) {
  const state = network.initialState(), H = network.hidden, tape = [];
  let logits = null;
  for (const id of ids) {
    const kept = [];
    logits = network.step(id, state, kept);
    tape.push(kept);
  }
  const d = softmax(logits, new Float64Array(network.size));
  d[target] -= 1;
  const zeros = () => Array.from({ length: network.layers }, () => new Float64Array(H));
  let dh = zeros(), dc = zeros();
  timesTransposed(network.head, padded(network.size), d, dh[network.layers - 1]);
  const norms = new Float64Array(ids.length);
  for (let t = ids.length - 1; t >= 0; t--) {
    const dhBefore = zeros(), dcBefore = zeros();
    for (let depth = network.layers - 1; depth >= 0; depth--) {
      const { inward, recurrent } = network.stack[depth];
      const step = backStep(network, tape[t][depth], dh[depth], dc[depth]);
      dhBefore[depth] = timesTransposed(recurrent, network.width, step.dsums, step.through);
      dcBefore[depth] = step.dcBefore;
      if (depth) timesTransposed(inward, network.width, step.dx, dh[depth - 1]);
      else norms[t] = Math.hypot(...step.dx);
    }
    [dh, dc] = [dhBefore, dcBefore];
  }
  return norms;
}
