"""The built-in text: a grammar whose exact entropy is known."""
