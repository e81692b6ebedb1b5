"""Fuzzing of the two doors that take text from outside: rule files and events. See `python -m fuzz --help`."""
