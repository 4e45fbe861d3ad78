"""Names to Designs: every body is lowered once, with its variables, labels and modules' places fixed."""
