// Choosing the next letter, as the library does: temperature, top-k, then the first letter whose
// cumulative probability exceeds a uniform number.

/** Return a function that returns uniform numbers in [0, 1), the same for the same seed. */
function uniforms(seed) {
  let a = seed >>> 0;
  return () => { // mulberry32
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Write the probabilities of logits at temperature 1 to `out`. */
function softmax(logits, out) {
  let top = -Infinity, sum = 0;
  for (let k = 0; k < logits.length; k++) if (logits[k] > top) top = logits[k];
  for (let k = 0; k < logits.length; k++) sum += out[k] = Math.exp(logits[k] - top);
  for (let k = 0; k < logits.length; k++) out[k] /= sum;
  return out;
}

function likeliest(values) {
  let best = 0;
  for (let k = 1; k < values.length; k++) if (values[k] > values[best]) best = k;
  return best;
}

/** Choose an id by the uniform number u; `room` has the length of the logits. */
function choose(logits, { temperature, topK }, u, room) {
  if (temperature === 0 || topK === 1) return likeliest(logits);
  let top = -Infinity, sum = 0, lowest = -Infinity;
  if (topK > 0 && topK < logits.length) lowest = Float64Array.from(logits).sort()[logits.length - topK];
  for (let k = 0; k < logits.length; k++) if (logits[k] > top) top = logits[k];
  for (let k = 0; k < logits.length; k++) {
    sum += room[k] = logits[k] < lowest ? 0 : Math.exp((logits[k] - top) / temperature);
  }
  const goal = u * sum;
  let reached = 0, last = 0;
  for (let k = 0; k < logits.length; k++) {
    if (room[k] > 0) last = k;
    reached += room[k];
    if (reached > goal) return k;
  }
  return last;
}

/** Return the `count` likeliest ids, the best first, as [id, probability]. */
function best(probabilities, count) {
  const pairs = [];
  for (let id = 0; id < probabilities.length; id++) {
    const p = probabilities[id];
    if (pairs.length === count && p <= pairs[count - 1][1]) continue;
    let at = pairs.length;
    while (at > 0 && pairs[at - 1][1] < p) at--;
    pairs.splice(at, 0, [id, p]);
    if (pairs.length > count) pairs.pop();
  }
  return pairs;
}

/** Return the position of an id among all by probability, from 1. */
function rank(probabilities, id) {
  let before = 0;
  for (let k = 0; k < probabilities.length; k++) {
    if (probabilities[k] > probabilities[id] || (probabilities[k] === probabilities[id] && k < id)) before++;
  }
  return before + 1;
}

/** Return the surprise of an id in bits, the ten likeliest, and its position; `room` as in choose(). */
function surprise(logits, id, room) {
  const p = softmax(logits, room);
  return { bits: -Math.log2(p[id]), best: best(p, 10), rank: rank(p, id) };
}

/** A network that reads and writes letters one at a time. */
class Reader {
  constructor(network, vocabulary) {
    Object.assign(this, { network, vocabulary, state: network.initialState(), logits: null });
    this.room = new Float64Array(network.size);
  }

  /** Read a letter; return its surprise in bits and the ten likeliest, null for the first letter. */
  read(id) {
    const seen = this.logits && surprise(this.logits, id, this.room);
    this.logits = this.network.step(id, this.state);
    return seen;
  }

  /** Write a letter: choose it, then read it. */
  write(options, u) {
    const id = choose(this.logits, options, u, this.room);
    return { id, char: this.vocabulary.chars[id], ...this.read(id) };
  }
}
