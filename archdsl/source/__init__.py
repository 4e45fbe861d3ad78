"""Text with its places, and the one way to read it."""
