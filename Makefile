# make demo: train, design, export and report on the built-in atelier.   make test: the tests.
# Both make the virtual environment and install into it what is missing.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export TF_CPP_MIN_LOG_LEVEL ?= 2

.PHONY: demo test lint clean

demo: $(VENV)/installed
	$(BIN)/python recipes/quickstart.py

test: $(VENV)/installed
	$(BIN)/python -m pytest

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# The mark is made last: an interrupted installation is taken up again.
$(VENV)/installed: setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --progress-bar on --upgrade pip
	$(BIN)/python -m pip install --progress-bar on -e '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) runs build dist *.egg-info
