"""The ops that a profile asked for, as loops that numba compiles."""
