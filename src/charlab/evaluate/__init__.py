"""Analyse a trained network: where it is good, what its neurons follow, what it copied."""
