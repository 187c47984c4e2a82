"""`python -m llama_edu` is the command `llama-edu`."""

from llama_edu.cli import main

main()
