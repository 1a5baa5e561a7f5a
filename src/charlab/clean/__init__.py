"""Extract the body of a Project Gutenberg file: decode, strip boilerplate, normalize."""
