"""Collect all results into tables (metrics/) and figure data (plots/)."""
