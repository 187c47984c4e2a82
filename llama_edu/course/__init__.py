"""How the course is taught: lessons, their questions, and checks that name a mistake."""
