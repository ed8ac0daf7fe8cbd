"""How fast the model is, each figure as a ratio with its peer. Run ``python -m benchmarks``; no test reads a clock."""
