"""Two networks side by side: what changed in structure, shapes, numbers and ``state_dict``, and what no longer fits."""
