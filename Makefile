# make demo | test | lint | clean: each does everything it needs on a fresh machine
# with Python 3.11 or newer. The environment is made again when a lock file changes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# torch=cpu takes the CPU build if pip is set up with a place that has it, and the
# registry's build (with the CUDA libraries, on Linux) if not; torch=cuda always the latter.
torch ?= cpu
# More options for the install of torch, for example an index that holds other builds.
TORCH_PIP_ARGS ?=
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
LOCKED := --require-hashes --no-deps --only-binary :all:
TORCH_INSTALL := $(PIP) install -q $(LOCKED) $(TORCH_PIP_ARGS)
# The two packages that are published as source only.
SOURCE_ONLY := antlr4-python3-runtime,seqeval
SETUP_FILES := pyproject.toml $(wildcard requirements/*.lock)
STAMP := $(VENV)/.ready-$(shell { echo "$(CURDIR)"; cat $(SETUP_FILES); } | cksum | cut -d ' ' -f 1)

.PHONY: demo test lint clean venv lock
.DEFAULT_GOAL := help

help:
	@echo 'make demo   install everything and run the demonstration sweep'
	@echo 'make test   install everything and run all tests'
	@echo 'make lint   format check, lint and strict types'
	@echo 'make lock   resolve the pinned versions again (needs uv)'
	@echo 'make clean  remove the environment, caches and builds, keep outputs/'

demo: venv
	$(BIN)/qbert run sweep=demo

# Single-threaded tests on every core take little more than half the time that tests one
# after another take with all cores each; a worker takes up to 1.2 GiB.
test: venv
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile

lint: venv
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

venv: $(STAMP)

$(STAMP):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'error: PYTHON=$(PYTHON): Python 3.11 or newer is needed; give another one with make PYTHON=/path/to/python3'; exit 3; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo 'error: PYTHON=$(PYTHON): the venv module is missing; install it, on Debian with: apt-get install python3-venv'; exit 3; }
	rm -f $(VENV)/.ready-*
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -q $(LOCKED) -r requirements/build.lock
	{ test $(torch) = cpu && $(TORCH_INSTALL) -r requirements/torch-cpu.lock 2>/dev/null; } || \
	  { $(TORCH_INSTALL) -r requirements/torch.lock && $(PIP) install -q $(LOCKED) -r requirements/torch-cuda.lock; }
	$(PIP) install -q $(LOCKED) --no-binary $(SOURCE_ONLY) \
	  --no-build-isolation --use-pep517 -r requirements/project.lock
	$(PIP) install -q --no-deps --no-build-isolation -e .
	$(PIP) check
	touch $@

# The two files of torch itself are kept by hand; the others follow from torch.lock
# and pyproject.toml.
UV ?= uv
RESOLVE := $(UV) pip compile --quiet --universal --python-version 3.11 \
  --generate-hashes --no-annotate --exclude-newer '7 days' \
  --custom-compile-command 'make lock' \
  --constraints requirements/torch.lock
CUDA := cuda-bindings cuda-pathfinder cuda-toolkit triton $(addprefix nvidia-, \
  cublas cuda-cupti cuda-nvrtc cuda-runtime cudnn-cu13 cufft cufile curand cusolver \
  cusparse cusparselt-cu13 nccl-cu13 nvjitlink nvshmem-cu13 nvtx)
TORCH_SHARED := filelock fsspec jinja2 markupsafe mpmath networkx setuptools sympy \
  typing-extensions

lock:
	printf 'hatchling\neditables\nsetuptools\nsetuptools-scm\nwheel\n' | $(RESOLVE) - -o requirements/build.lock
	$(RESOLVE) pyproject.toml --extra dev -o requirements/project.lock \
	  $(addprefix --no-emit-package ,torch $(CUDA))
	echo torch | $(RESOLVE) - -o requirements/torch-cuda.lock \
	  $(addprefix --no-emit-package ,torch $(TORCH_SHARED))

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find qbert_lightning tests -name __pycache__ -prune -exec rm -rf {} +
