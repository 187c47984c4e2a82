# What a teacher sets; setup.sh and run_autograder read it.

LESSON=05

# Seconds for one answer, and memory of each.
TIMEOUT=10
MEMORY=2GB

# Some containers let no sandbox be made. "refuse" then fails loudly, and no student gets a grade;
# "mark" grades all the same and says UNSANDBOXED: a student who tries can give themselves points.
WITHOUT_SANDBOX=refuse

# Options of pip, such as an index that has torch for the CPU alone (the usual one is 3 GB larger).
PIP_ARGS=
