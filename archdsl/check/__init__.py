"""Designs to TypedDesigns: blocks are applied, shapes inferred, joins and outputs compared."""
