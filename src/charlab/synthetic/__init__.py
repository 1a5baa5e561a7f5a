"""Generate the built-in text from a grammar whose exact entropy is known."""
