"""Grades from code that nobody should trust: what is expected never enters its process."""
