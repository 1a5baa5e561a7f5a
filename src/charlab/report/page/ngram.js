// A small n-gram model (ngram.py) with the interface of a network: counts with a discount, what
// it takes away goes to the next shorter context.

const NGRAM_DISCOUNT = 0.75;

class Ngram {
  constructor(entry) {
    Object.assign(this, { entry, size: entry.vocab_size });
    const bytes = decoded(entry.data);
    let at = 0;
    const number = () => {
      let value = 0, scale = 1, byte = 128;
      while (byte > 127) {
        byte = bytes[at++];
        value += (byte & 127) * scale;
        scale *= 128;
      }
      return value;
    };
    this.levels = [];
    let parents = 1;
    for (let order = 0; order < entry.order; order++) {
      const starts = new Int32Array(parents + 1); // n-grams of parent k: starts[k] to starts[k + 1]
      for (let k = 0; k < parents; k++) starts[k + 1] = starts[k] + number();
      parents = starts.at(-1);
      const ids = new Int32Array(parents), counts = new Float64Array(parents);
      for (let k = 0; k < parents; k++) {
        ids[k] = number();
        counts[k] = number();
      }
      this.levels.push({ starts, ids, counts });
    }
    this.total = this.levels[0].counts.reduce((a, b) => a + b, 0);
    this.p = new Float64Array(this.size);
    this.logits = new Float64Array(this.size);
  }

  initialState() {
    return { last: [] };
  }

  /** Return the place of a child in the level after its parent's, -1 if there is none. */
  child(level, parent, id) {
    const { starts, ids } = this.levels[level];
    let low = starts[parent], high = starts[parent + 1] - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (ids[middle] === id) return middle;
      if (ids[middle] < id) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** Read a letter; return the logarithms of the probabilities of the next. */
  step(id, state) {
    state.last = [...state.last, id].slice(1 - this.levels.length);
    const { p, size } = this;
    p.fill(1 / size);
    for (let order = 0; order <= state.last.length; order++) {
      // The place of the last `order` letters: the context.
      let place = 0;
      for (let k = 0; k < order && place >= 0; k++) place = this.child(k, place, state.last[state.last.length - order + k]);
      if (place < 0) break; // a longer context is not known either
      const { starts, ids, counts } = this.levels[order];
      const of = order ? this.levels[order - 1].counts[place] : this.total;
      let given = 0;
      for (let k = starts[place]; k < starts[place + 1]; k++) given += counts[k] - NGRAM_DISCOUNT;
      for (let k = 0; k < size; k++) p[k] *= 1 - given / of;
      for (let k = starts[place]; k < starts[place + 1]; k++) p[ids[k]] += (counts[k] - NGRAM_DISCOUNT) / of;
    }
    for (let k = 0; k < size; k++) this.logits[k] = Math.log(p[k]);
    return this.logits;
  }
}
