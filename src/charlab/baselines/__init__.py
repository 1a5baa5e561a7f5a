"""Reference losses for each text: n-grams, compressors, and the floor if known."""
