# make demo: train, design, export and report on the built-in atelier.
# make test: the unit tests, four minutes.
# make test-integration: processes, servers and devices together.   make test-long: what seldom
# changes.   make test-all: all of them, on Beam and behind a server too.
# make parity: against tensorflow-addons (2 GB of its own).   make bench-lazy-adam: step times.
# make bench-evaluation: CPU time of the exact evaluation, beside Cornac's.
# make bench-shared-negatives: what an AUC costs, beside a PyTorch loop, on the demo's catalogue or
# another: CATALOGUE=FOLDER.
# make bench-pipeline: what a step waits for its pictures, on the same.
# make bench-first-step: what a GAN's first step, a first design and a first redesign take.
# make bench-training: what the training loop, a strategy and checkpoints cost on one device.
# make bench-retrieval: the best of a million items, exactly and by FAISS.
# make serve: the exports of make demo, or of SAVED_MODELS=FOLDER, behind MLflow's scoring server.
# make test-serving: the exports behind that server, in an environment without this package.
# make bench-serving: throughput, latencies and memory of that server.
# make bench-serving-million: a served catalogue of a million items.
# make bench-memory: what a training holds at 10,000 items and at a million, which take an hour to
# draw.
# make fuzz: 2,000 damaged inputs through prepare, and 20 kills of it.
# make kill-training: 50 kills each of a DVBPR's and a GAN's training, which must end alike.
# make test-beam: prepare on Apache Beam (an environment of its own).
# make types: mypy over the package.   make test-wheel: build the wheel, install it into an empty
# environment, and use a command and an import of it.
# make stubs: write the type stubs of the packages whose names are loaded on first use.
# All make the virtual environment and install into it what is missing.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PARITY := .venv-parity
PEERS := .venv-peers
BEAM := .venv-beam
SERVER := .venv-server
WHEEL := .venv-wheel
SAVED_MODELS ?= saved_models/demo
CATALOGUE ?= runs/demo/atelier_600x2800_0
# The newest that has tensorflow-addons; asked to run, for a name on PATH may be an empty shim.
PYTHON_PARITY ?= $(firstword $(foreach name,python3.11 python3.10 python3.9,\
	$(shell $(name) -c 'import sys; print(sys.executable)' 2>/dev/null)))
export TF_CPP_MIN_LOG_LEVEL ?= 2

.PHONY: demo test test-integration test-long test-all lint types stubs parity test-beam test-wheel \
	fuzz serve test-serving clean
.PHONY: bench-lazy-adam bench-evaluation bench-shared-negatives bench-pipeline bench-memory \
	bench-retrieval bench-serving bench-serving-million bench-training bench-first-step \
	kill-training

demo: $(VENV)/installed
	$(BIN)/python recipes/quickstart.py

# A process a core: most of the time is Python's, which traces and does not use a second one.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

# Every formula against an independent reference, every message, and the chain of commands once.
test: $(VENV)/installed
	$(PYTEST) tests/unit

# Processes that are killed, exports, servers, several devices, recipes, and real purchases
# where KERAS_FASHION_HM names them.
test-integration: $(VENV)/installed
	$(PYTEST) tests/integration

# What takes long and guards what changes seldom: XLA, every size of picture, every model on
# several devices.
test-long: $(VENV)/installed
	$(PYTEST) tests/long

# All tiers in one run, the exports behind a server included, and then what needs Beam.
test-all: $(VENV)/installed $(SERVER)/installed
	KERAS_FASHION_SERVER=$(abspath $(SERVER))/bin/python $(PYTEST) tests --durations 30
	$(MAKE) test-beam

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed
	$(BIN)/mypy
	$(BIN)/mypy recipes/*.py

stubs: $(VENV)/installed
	$(BIN)/python tests/support/write_stubs.py

parity: $(VENV)/installed $(PARITY)/installed
	$(PARITY)/bin/python tests/parity/reference.py $(PARITY)/reference.npz
	KERAS_FASHION_PARITY=$(PARITY)/reference.npz $(BIN)/python -m pytest -s tests/parity

bench-lazy-adam: $(VENV)/installed
	$(BIN)/python tests/benchmarks/lazy_adam.py

bench-evaluation: $(VENV)/installed $(PEERS)/installed
	$(BIN)/python tests/benchmarks/evaluation.py --peer $(PEERS)/bin/python

bench-shared-negatives: $(VENV)/installed $(PEERS)/installed
	$(BIN)/python tests/benchmarks/shared_negatives.py --catalogue $(CATALOGUE) \
		--peer $(PEERS)/bin/python

bench-pipeline: $(VENV)/installed
	$(BIN)/python tests/benchmarks/pipeline.py --catalogue $(CATALOGUE)

bench-training: $(VENV)/installed
	$(BIN)/python tests/benchmarks/training_loop.py

bench-first-step: $(VENV)/installed
	$(BIN)/python tests/benchmarks/first_step.py

bench-retrieval: $(VENV)/installed
	$(BIN)/python tests/benchmarks/retrieval.py

serve: $(SERVER)/installed
	$(SERVER)/bin/python deploy/mlflow/serve.py $(SAVED_MODELS)

test-serving: $(VENV)/installed $(SERVER)/installed
	KERAS_FASHION_SERVER=$(abspath $(SERVER))/bin/python $(PYTEST) \
		tests/unit/serving tests/integration/serving

bench-serving: $(VENV)/installed $(SERVER)/installed
	$(BIN)/python tests/benchmarks/serving_load.py $(SAVED_MODELS) --server $(SERVER)/bin/python

bench-serving-million: $(VENV)/installed
	$(BIN)/python tests/benchmarks/serving_million.py

bench-memory: $(BEAM)/installed runs/atelier_10k runs/atelier_1m
	$(BEAM)/bin/python tests/benchmarks/memory.py runs/atelier_10k runs/atelier_1m

# As many users for an item, and purchases of each, as in the data of the paper taken together.
runs/atelier_10k: $(BEAM)/installed
	$(BEAM)/bin/keras-fashion prepare atelier --items 10000 --users 2300 --purchases 9.78 --size 32 \
		--out $@
runs/atelier_1m: $(BEAM)/installed
	$(BEAM)/bin/keras-fashion prepare atelier --items 1000000 --users 230000 --purchases 9.78 \
		--size 32 --beam-runner DirectRunner --beam-option direct_num_workers=$(shell nproc) \
		--beam-option direct_running_mode=multi_processing --out $@

fuzz: $(VENV)/installed
	$(BIN)/python tests/fuzz/fuzz_prepare.py --count 2000
	$(BIN)/python tests/fuzz/kill_prepare.py

kill-training: $(VENV)/installed
	$(BIN)/python tests/fuzz/kill_training.py --kills 50

test-beam: $(BEAM)/installed
	$(BEAM)/bin/python -m pytest tests/integration/data/test_beam.py

# As a user gets it: without the sources, the tests and what developers need.
test-wheel: $(VENV)/installed
	rm -rf build dist $(WHEEL)
	$(BIN)/python -m build --wheel
	$(PYTHON) -m venv $(WHEEL)
	$(WHEEL)/bin/python -m pip install --progress-bar on dist/*.whl
	cd $(WHEEL) && bin/keras-fashion --version && bin/keras-fashion train --help && \
		bin/python -c 'import keras_fashion as kf; print(kf.models.BPRMF, kf.losses.BPR())'
	rm -rf $(WHEEL)

# The mark is made last: an interrupted installation is taken up again.
$(VENV)/installed: setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --progress-bar on --upgrade pip
	$(BIN)/python -m pip install --progress-bar on -e '.[dev]'
	touch $@

$(PARITY)/installed:
	@test -n "$(PYTHON_PARITY)" || { echo "tensorflow-addons needs Python 3.9, 3.10 or 3.11: put \
	one on PATH or run make parity PYTHON_PARITY=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON_PARITY) -m venv $(PARITY)
	$(PARITY)/bin/python -m pip install --progress-bar on --upgrade pip
	$(PARITY)/bin/python -m pip install --progress-bar on tensorflow==2.15.1 \
		tensorflow-addons==0.23.0 'numpy<2'
	touch $@

$(PEERS)/installed: $(VENV)/installed
	$(BIN)/python -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --progress-bar on --upgrade pip
	$(PEERS)/bin/python -m pip install --progress-bar on cornac==3.0.1 torch
	touch $@

# A server's machine: nothing of this package, nor of what it needs beside TensorFlow.
$(SERVER)/installed:
	$(PYTHON) -m venv $(SERVER)
	$(SERVER)/bin/python -m pip install --progress-bar on --upgrade pip
	$(SERVER)/bin/python -m pip install --progress-bar on tensorflow==2.21.0 'mlflow>=3.1,<4'
	touch $@

$(BEAM)/installed: setup.py
	$(PYTHON) -m venv $(BEAM)
	$(BEAM)/bin/python -m pip install --progress-bar on --upgrade pip
	$(BEAM)/bin/python -m pip install --progress-bar on -e '.[dev,beam]'
	touch $@

clean:
	rm -rf $(VENV) $(PARITY) $(PEERS) $(BEAM) $(SERVER) $(WHEEL) runs build dist *.egg-info
