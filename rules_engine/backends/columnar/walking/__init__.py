"""The walker: many events at once over the tape, each op a function of NumPy."""
