"""All of this package that a student's process holds: no answers, no seeds, no limits to know.

`forkserver` is run as a script of its own and imports the others as plain modules, so that
nothing here may import `llama_edu`.
"""
