"""How the course is taught: lessons, their questions, and checks that name a mistake."""

# The function, not its module: importing the module again does not change that.
from llama_edu.course.checking.check import check

__all__ = ["check"]
