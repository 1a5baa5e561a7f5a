"""A reproducible pipeline for character-level recurrent networks."""
