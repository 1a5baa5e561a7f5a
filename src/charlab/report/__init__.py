"""The report: Markdown with pictures, and one HTML file."""
