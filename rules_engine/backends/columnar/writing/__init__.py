"""A core written down as a tape: in a program, out rows of code."""
