"""The command line: one module per command, and what they share. Heavy parts load when a command needs them."""
