"""Fitting a model to a numbered text."""
