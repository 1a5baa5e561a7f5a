"""Reduce Project Gutenberg files to the bodies of their books."""
