"""Draw text from a trained network."""
