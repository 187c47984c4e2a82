"""Ours beside its peers, timed in turns on one machine: `python -m benchmarks`."""
