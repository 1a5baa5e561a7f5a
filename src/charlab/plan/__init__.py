"""Check params.yaml, and write the source of each text."""
