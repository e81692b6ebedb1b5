# Two commands for a new user: `make demo` and `make test`. Both set up their own environment in .venv.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
BENCH  := $(VENV)/.bench
DATA   ?= $(firstword $(wildcard ../shared/data) $(wildcard data))
N      ?= 20000
EVENTS ?= 20
OUT    ?= out/airline_points.csv
WORKERS ?= 2
FUZZ_SECONDS ?= 600

.PHONY: help demo test test-long check format tidy agree airline bench corpus docs fuzz clean

help:            ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; say make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,batch,spark]'
	@touch $@

$(BENCH): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[batch,bench,spark]'
	@touch $@

demo: $(READY)   ## score the retail example and explain one event
	@$(BIN)/python examples/retail/demo.py $(if $(DATA),--data $(DATA))

test: $(READY)   ## format, lint, strict types, tidiness, all tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy -n $(WORKERS)
	$(BIN)/pytest -n $(WORKERS) -m "not long"

test-long: $(READY) ## the long runs too
	$(BIN)/pytest -n $(WORKERS)
	$(MAKE) agree N=100000

check: test      ## the same as test

format: $(READY) ## format the code and the rule files
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/rules fmt examples tests/corpus/programmes tests/corpus/peer_cases rules_engine/vocabulary rules_engine/starting

tidy: $(READY)   ## layers, sizes, dead files
	$(BIN)/pytest tests/test_tidy.py

agree: $(READY)  ## N generated program and event pairs through every evaluator
	$(BIN)/python -m tests.agree $(N) --events $(EVENTS)

airline: $(READY) ## points for every row of the airline data: make airline OUT=FILE.csv
	@$(BIN)/python examples/airline/run.py $(if $(DATA),--data $(DATA)) --out $(OUT)

corpus: $(READY) ## published programmes: encoded, exact, next
	@$(BIN)/python -m tests.corpus_report
	@echo
	@$(BIN)/python -m tests.peer_report

bench: $(BENCH)  ## ratios against named peers, in one run
	$(BIN)/python -m benchmarks

docs: $(READY)   ## the documents as a site that is read and searched offline: out/site
	@$(BIN)/python -m docs.site.build

fuzz: $(READY)   ## rule files and events made by a fuzzer, for FUZZ_SECONDS
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[fuzz]'
	nice -n 10 $(BIN)/python -m fuzz --seconds $(FUZZ_SECONDS)

clean:           ## remove what the other targets made
	rm -rf $(VENV) out dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
