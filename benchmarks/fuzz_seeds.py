"""The inputs that benchmarks/fuzz_targets.py damages."""

from __future__ import annotations

START = b"*** START OF THE PROJECT GUTENBERG EBOOK A TALE ***\n"
END = b"*** END OF THE PROJECT GUTENBERG EBOOK A TALE ***\n"
HEADER = (
    b"The Project Gutenberg eBook of A Tale, by N. N.\n\nThis eBook is for the use of anyone "
    b"anywhere at no cost.\n\nTitle: A Tale\nAuthor: N. N.\nRelease date: May 1, 1999 [eBook #77]\n"
    b"Language: English\nCharacter set encoding: UTF-8\nCredits: made by somebody\n\n"
)
CREDITS = b"Produced by Some Volunteers and the Online Distributed Proofreading Team\n\n"
NOTE = b"Transcriber's Note: obvious errors were corrected.\n\n"
LICENSE = (
    b"\nUpdated editions will replace the previous one.\n\nSTART: FULL LICENSE\n\nTHE FULL PROJECT "
    b"GUTENBERG LICENSE\nPLEASE READ THIS BEFORE YOU DISTRIBUTE OR USE THIS WORK\n\n"
)
PIECES = (START, END, HEADER, CREDITS, NOTE, LICENSE, b"End of Project Gutenberg's A Tale\n", b"\n")
GERMAN = "Das M\u00e4dchen ging \u2014 \u201eja\u201c \u2014 hinaus.\n".encode() * 9
TEXTS = (
    HEADER + START + CREDITS + GERMAN + END + LICENSE,
    HEADER + START + b"\nIt was a dark night, and so on.\n\n" * 12 + END + LICENSE,
    b"A plain text of somebody's own.\n" * 20,
    "Было темно, и шёл дождь.\n".encode() * 20,
    "吾輩は猫である。名前はまだ無い。\n".encode() * 20,
    b"no line break at all " * 60,
)
PARAMS = (
    b"""seed: 1
texts:
  invented: {builtin: invented, chars: 30000, seed: 3, title: A small book}
  own: {path: data/own/x.txt, language: en}
  emma: {gutenberg: 158}
corpus: {val: 0.1, test: 0.1, clean: {ascii_quotes: false}}
text: invented
model: {cell: lstm, hidden: 16, dropout: 0.1}
train: {batch_size: 8, seq_len: 32, epochs: 1.5, learning_rate: 1e-05, betas: [0.9, 0.99]}
study:
  seeds: [1, 2]
  defaults: {model: {cell: gru}, train: {clip: value, clip_at: 5}}
  variants:
    rnn: {text: invented, model: {cell: rnn}, train: {optimizer: sgd}}
    lstm: {text: emma}
  titles: {rnn: An RNN}
  comparisons:
    cells: {title: Cells, question: Which, vary: cell, section: cells, variants: [rnn, lstm]}
""",
    b"texts: {a: {builtin: invented}}\ntext: a\n",
    b"texts: {a: &a {gutenberg: 1}, b: *a}\ntext: a\nstudy: {variants: {x: &x {text: a}, y: *x}}\n",
)
KEYS = (b"seed: ", b"texts: ", b"text: ", b"model: ", b"train: ", b"study: ", b"vary: ", b"a: ")
HANDED_IN = (
    b'{"test_bpc": 2.25, "steps": 10, "list": [1, {"a": null}], "text": "x"}',
    b"step,chars,val\n1,10,3.5\n2,20,2.25\n",
)
HASH = "0123456789abcdef0123456789abcdef"
LOCK = f"""schema: '2.0'
stages:
  train:
    cmd: python stages/train.py
    deps: [{{path: data/x, hash: md5, md5: {HASH}.dir, size: 10, nfiles: 2}}]
    outs:
    - path: data/model
      hash: md5
      md5: {HASH}.dir
    - {{path: data/samples.json, hash: md5, md5: {HASH}}}
""".encode()
PATHS = (b"../..", b"/etc", b"- path: ", b"md5: ", b"outs: ")
SAMPLES = b'{"prompt": "The ", "samples": [{"temperature": 0.5, "text": "x\\n\\u00e9", "seed": 1}]}'
MARKUP = (b"A title & <b>more</b>", b"[a](javascript:x) ![b](c) `d` **e**", b"line\r\r\nline")
