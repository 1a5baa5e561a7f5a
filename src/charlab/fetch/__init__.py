"""Download Project Gutenberg texts from a mirror, with retries and verification."""
