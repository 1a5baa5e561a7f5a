"""Reads the results of a study and sets them side by side in tables."""
