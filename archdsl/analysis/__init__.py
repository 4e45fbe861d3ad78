"""Checked networks to figures: paths, costs, depth, receptive fields, and the rows of a table."""
