"""Analysis of trained models: losses, units, gradients, predictions, and copied text."""
