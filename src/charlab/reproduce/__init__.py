"""Running the pipeline side by side, and checking that it reproduces."""
