"""Lays out a file: the tree of what was written and its comments to text, in one style (docs/formatting.md)."""
