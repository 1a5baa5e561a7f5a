"""Check that recorded results follow from text, parameters and code: ``charlab verify``."""
