"""Files to names: imports are followed, every top-level name is bound or reported."""
