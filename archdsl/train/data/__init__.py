"""Data sets: what they declare of their samples, and the samples."""
