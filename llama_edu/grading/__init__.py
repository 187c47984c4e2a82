"""Grades from code that nobody should trust: what is expected stays outside the student's process."""
