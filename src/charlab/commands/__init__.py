"""The charlab command line: everything that DVC does not run."""
