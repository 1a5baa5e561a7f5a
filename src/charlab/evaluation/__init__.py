"""Measuring: baselines, likelihood, novelty, gradients, neurons."""
