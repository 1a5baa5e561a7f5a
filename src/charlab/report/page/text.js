/** Characters that act on a line or hide in it: controls, order of reading, byte-order mark. */
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/u;

/** Return a character as the page shows it: what cannot be seen becomes its code point. */
function visible(char) {
  if (char === "\n") return "↵\n";
  if (char === "\t") return "⇥";
  return UNSAFE.test(char) ? `[${char.codePointAt(0).toString(16).toUpperCase()}]` : char;
}

/** Return the name of a character in a sentence or a chart. */
function named(char) {
  if (char === " ") return "space";
  if (char === "\n") return "line end";
  return visible(char);
}

/** Return a text in one line, as the page shows it. */
function line(text) {
  return [...text].map((char) => (char === "\n" ? " " : visible(char))).join("");
}

/** The characters of a text and their ids. */
class Vocabulary {
  constructor({ chars, unknown }) {
    this.chars = unknown ? [...chars, "\ufffd"] : chars;
    this.ids = new Map(chars.map((char, id) => [char, id]));
    this.unknown = unknown ? chars.length : -1;
  }

  /** Return the id of a character, or of its nearest relative; -1 if there is none. */
  id(char) {
    for (const form of [char, ...(LOOK_ALIKES[char] || ""), plain(char), swapped(char)]) {
      if (this.ids.has(form)) return this.ids.get(form);
    }
    return this.unknown;
  }

  /** Return the ids of a text and the characters left out of it, in order. */
  encode(text) {
    const ids = [], chars = [], missing = new Set();
    for (const char of text.replaceAll("\r\n", "\n")) {
      const id = this.id(char);
      if (id < 0) { missing.add(char); continue; }
      ids.push(id);
      chars.push(char);
    }
    return { ids, chars, missing: [...missing] };
  }
}

/** Characters of a keyboard, and those of a book that they stand for. */
const LOOK_ALIKES = { "'": "’‘", '"': "”“", "-": "—–", "’": "'", "‘": "'", "“": '"', "”": '"', "–": "—-", "—": "–-", "\t": " ", "\u00a0": " " };

function plain(char) {
  return char.normalize("NFKD")[0] || char;
}

function swapped(char) {
  const upper = char.toUpperCase();
  return upper === char ? char.toLowerCase() : upper;
}
