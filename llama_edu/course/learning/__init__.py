"""The learner's own copy of the course: made, kept up to date, checked and counted."""
