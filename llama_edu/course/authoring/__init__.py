"""Lessons in, notebooks out; and whether every question notices every small mistake."""
