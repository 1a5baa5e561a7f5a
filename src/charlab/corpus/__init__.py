"""Texts: fetched, cleaned, numbered."""
