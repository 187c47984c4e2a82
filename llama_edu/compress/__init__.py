"""Smaller models: fewer numbers, or fewer bits for each."""
