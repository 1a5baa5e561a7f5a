"""Fit a network to an encoded text by truncated backpropagation through time."""
