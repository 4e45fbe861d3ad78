"""How findings leave the program: one module per format, loaded only when there is something to show."""
