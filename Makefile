# Two commands are enough: `make start` and `make test`. Each sets up what it needs in .venv.
#   make start PYTHON=python3.12      choose the Python that .venv is made with
#   make start ONCE=1                 see that it answers, and end: for tests and containers
#   make start PIP_ARGS=-v            watch the installation, or pass pip any other option
#   make test PYTEST_ARGS="-k rope"   choose tests, or pass pytest any other option
#   make speedrun SPEEDRUN_ARGS="--seeds 1"   one model instead of three, or any other option

PYTHON ?= python3
PIP_ARGS =
PYTEST_ARGS =
SPEEDRUN_ARGS =

# Always `python -m`: the scripts beside it hold absolute paths, which a moved clone breaks.
VENV_PYTHON = .venv/bin/python

# Threads that spin while they wait starve whatever else runs.
export OMP_WAIT_POLICY ?= passive

.PHONY: help start test test-all lessons mutants bench contest speedrun doctor lint clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

start: .venv/run.stamp ## open the course in JupyterLab
	@$(VENV_PYTHON) -m llama_edu start$(if $(ONCE), --once)

test: .venv/test.stamp ## run every test but the slow ones, and every notebook
	@$(VENV_PYTHON) -m pytest $(or $(PYTEST_ARGS),$(WORKERS))
	@$(if $(PYTEST_ARGS),,$(NOTEBOOKS))

test-all: .venv/test.stamp ## run the slow tests too
	@$(VENV_PYTHON) -m pytest -m "" $(or $(PYTEST_ARGS),$(WORKERS))
	@$(if $(PYTEST_ARGS),,$(NOTEBOOKS))

# The tests of a file share what they made, so a file stays with one worker.
WORKERS = -n auto --maxprocesses 4 --dist loadfile

# Every cell runs again; those tagged nbval-check-output must print what is committed.
NOTEBOOKS = $(VENV_PYTHON) -m pytest -q $(WORKERS) --nbval-lax --nbval-current-env notebooks \
  solutions

lessons: .venv/run.stamp ## make notebooks, exercises and solutions from lessons/
	@$(VENV_PYTHON) -m llama_edu build

mutants: .venv/test.stamp ## change each solution by machine: does its question notice?
	@$(VENV_PYTHON) -m llama_edu.course.authoring.mutants

bench: .venv/test.stamp ## measure speed and memory beside other implementations
	@GOMP_SPINCOUNT=$${GOMP_SPINCOUNT:-1000} $(VENV_PYTHON) -m benchmarks

contest: .venv/test.stamp ## five minutes on two cores: ours, or yours by ENTRY=mine.py (docs/contest.md)
	@GOMP_SPINCOUNT=$${GOMP_SPINCOUNT:-1000} $(VENV_PYTHON) -m benchmarks.contest $(ENTRY)

speedrun: .venv/run.stamp ## text, tokenizer, pretraining, tuning, score, page: then talk to it
	@$(VENV_PYTHON) -m llama_edu speedrun $(SPEEDRUN_ARGS)

doctor: .venv/run.stamp ## say what this machine has, and what to do about what it lacks
	@$(VENV_PYTHON) -m llama_edu doctor

lint: .venv/test.stamp ## check the style of the code
	@$(VENV_PYTHON) -m ruff check
	@$(VENV_PYTHON) -m ruff format --check

clean: ## remove .venv and what tools left here; fetched text and weights stay
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is written last, so an installation that failed is tried again.
.venv/run.stamp: pyproject.toml constraints.txt | $(VENV_PYTHON)
	@$(call INSTALL,.)
	@touch $@

# The tests' packages come on top of those that a run needs.
.venv/test.stamp: pyproject.toml constraints.txt | $(VENV_PYTHON)
	@$(call INSTALL,.[test])
	@touch .venv/run.stamp $@

define INSTALL
echo "Installing into .venv: the first time downloads about $(DOWNLOAD) and takes minutes."; \
$(VENV_PYTHON) -m pip install --quiet --disable-pip-version-check -c constraints.txt \
  -e "$(1)" $(PIP_ARGS) || { \
  echo "Not installed, for the reason above. Connect to the network, make room on the disk," \
    "then run the same command again; PIP_ARGS=-v shows more." >&2; exit 1; }
endef

DOWNLOAD = $(if $(filter Linux,$(shell uname)),3 GB (torch with its CUDA libraries),0.3 GB)

$(VENV_PYTHON):
	@found=$$("$(PYTHON)" -V 2>&1) || found="not found"; \
	"$(PYTHON)" -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))" \
	  2>/dev/null || { echo "llama_edu needs Python 3.11 to 3.14, but $(PYTHON) is $$found." \
	    "Choose another: make $(or $(MAKECMDGOALS),start) PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -m venv .venv || { rm -rf .venv; exit 1; }

# Before any target looks at .venv: remove one whose Python or pip does not work any more, or which
# was made with another Python than the one that is asked for now.
ASKED_FOR = $(if $(filter file,$(origin PYTHON)),$(VENV_PYTHON),$(PYTHON))
$(shell if test -e .venv; then \
    old=$$($(VENV_PYTHON) -c "import pip" 2>/dev/null && $(VENV_PYTHON) -V); \
    new=$$("$(ASKED_FOR)" -V 2>/dev/null); \
    test -n "$$old" && test "$${new:-$$old}" = "$$old" || { \
      echo "Making .venv anew: its Python is gone or not the one asked for." >&2; rm -rf .venv; }; \
  fi)
