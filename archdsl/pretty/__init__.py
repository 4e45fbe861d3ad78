"""A layout engine: documents that may break, and their rendering in a given width. It knows no language."""
