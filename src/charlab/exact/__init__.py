"""Arithmetic with the same bits on every processor: the kernels behind training and inference.

IEEE 754 fixes the result of every single addition, multiplication, division, square root and
fused multiply-add. Two things are left to a compiler or a library and differ between
processors: the order in which a sum is taken, and whether a product and the addition after it
are rounded once or twice. This package writes both down. A sum is one chain in a stated order,
or a stated number of lanes joined by a stated tree; a fused multiply-add happens where the
source says :func:`charlab.exact.lanes.fma` and nowhere else; vectors run along axes that no sum
runs along, so the width of a processor's registers does not matter. exp, log and tanh are
polynomials of our own, because those of the C library differ.

The modules, from the bottom up:

``shapes``      constants and layouts, without Numba
``powers``      whole powers, also without Numba
``cache``       the folder of compiled functions; ``locator`` shows it to Numba
``lanes``       sixteen numbers at once
``tiles``       the tile of a matrix product; these two modules alone write LLVM IR
``functions``   exp, log, tanh, sigmoid, integer powers, cosine
``layout``      arrays in blocks of sixteen columns, and the way there and back
``ngrams``      rows of frequent n-grams: which a text looks up, and tables of them
``products``    matrix products, compiled once and called by their symbols
``cells``       one step of the RNN, LSTM and GRU, forward and backward
``layers``      a recurrent layer over a chunk of text
``loss``        the output layer with softmax and cross-entropy
``dropout``     masks from a counter-based generator of integers
``initial``     normal numbers and orthogonal matrices
``optimizers``  clipping and the optimizers' steps
``workspace``   packed weights and the arrays of a chunk
``network``     a network that runs whole chunks
``updates``     its steps
``inference``   networks forward only, and ``sampling`` of texts
``whole_arrays``  exp, log, log_softmax and products of whole arrays
``machine_code``  calls those three without loading Numba; ``object_file`` compiles them
``look_up``, ``arrays``  n-grams and whole arrays for callers that do not wait for Numba
"""
