"""Time and memory of the commands, against torch and torchinfo and against themselves: ``make bench``."""
