// Memory for matrices of float32, and their product: in WebAssembly (gemm.wat), else in JavaScript.

/** Round a number of columns up to what the product needs. */
const padded = (columns) => Math.ceil(columns / 16) * 16;

/** Return the bytes of base64. */
function decoded(data) {
  const text = atob(data), bytes = new Uint8Array(text.length);
  for (let k = 0; k < bytes.length; k++) bytes[k] = text.charCodeAt(k);
  return bytes;
}

class Arena {
  /** Take memory for `size` numbers in `count` arrays. */
  constructor(size, count) {
    const bytes = 4 * size + 16 * count;
    this.used = 0;
    try {
      const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536) });
      this.gemm = new WebAssembly.Instance(new WebAssembly.Module(decoded(GEMM)), { env: { memory } }).exports.gemm;
      this.buffer = memory.buffer;
    } catch { // No WebAssembly with SIMD: the same sums, more slowly.
      this.gemm = null;
      this.buffer = new ArrayBuffer(bytes);
    }
  }

  /** Return an array of zeros. */
  floats(size) {
    const result = new Float32Array(this.buffer, this.used, size);
    this.used += Math.ceil(size / 4) * 16;
    return result;
  }

  /**
   * Add A (m, k) B (k, n) to C (m, n), where n is a multiple of 16. Element (i, j) of A is at
   * i * row + j * column from its start.
   */
  product(a, b, c, m, k, n, row = k, column = 1) {
    if (this.gemm) {
      this.gemm(a.byteOffset, b.byteOffset, c.byteOffset, m, k, n, 4 * row, 4 * column);
      return;
    }
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < k; j++) {
        const s = a[i * row + j * column], from = j * n, to = i * n;
        if (s !== 0) for (let t = 0; t < n; t++) c[to + t] += s * b[from + t];
      }
    }
  }
}
