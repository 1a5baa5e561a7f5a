"""Map characters to ids and split a text into train, val and test."""
