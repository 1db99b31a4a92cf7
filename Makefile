# The first target that runs makes .venv from requirements.lock (with hashes);
# nothing else is needed beforehand but Python 3.11 or newer, its venv module and make.
PYTHON ?= python3
BIN := .venv/bin
TALLY := $(CURDIR)/.venv/faults.tally

.PHONY: demo test check bench faults mutants lock sbom

demo: .venv/ready  ## a working county in the browser, no account needed
	$(BIN)/liaison demo

test: .venv/ready  ## every test, with the coverage the house asks for; DATABASE=postgresql make test: those that work on a database, on PostgreSQL
	$(BIN)/python -m pytest -n 2 --dist worksteal $(if $(DATABASE),--database $(DATABASE),-p tests.measured)

check: .venv/ready  ## formatting, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: .venv/ready  ## what we claim, measured side by side
	$(BIN)/python -m benchmarks

faults: .venv/ready  ## everything that may go wrong, for as long as you like: KILLS=3000 SWEEP=all MACHINE_EXAMPLES=10000 make faults
	rm -f $(TALLY)
	FAULTS_TALLY=$(TALLY) FIGURES=1 $(BIN)/python -m pytest tests/faults/test_figures.py
	FAULTS_TALLY=$(TALLY) KILLS=$${KILLS:-300} SWEEP=$${SWEEP:-telegram} MACHINE_EXAMPLES=$${MACHINE_EXAMPLES:-400} YEAR_DAYS=$${YEAR_DAYS:-365} ROUNDS=$${ROUNDS:-1000} HEAP=$${HEAP:-50000} \
		$(BIN)/python -m pytest -n 4 --dist worksteal tests/stateful tests/faults tests/year tests/storage/test_server_dies.py tests/test_benchmarks.py; ended=$$?; $(BIN)/python -m tests.faults.report $(TALLY); exit $$ended
	FUZZ_SECONDS=$${FUZZ_SECONDS:-20} $(BIN)/python -m tests.fuzz

mutants: .venv/ready  ## whether the tests see mistakes made on purpose: MUTANTS=0 make mutants for all of them
	$(BIN)/python -m tests.mutants

.venv: .venv/ready

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

lock:  ## renew requirements.lock; needs uv
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url --no-emit-find-links \
		--custom-compile-command "make lock" --group dev --all-extras pyproject.toml -o requirements.lock --upgrade

sbom: .venv/ready  ## what the bot is made of, as CycloneDX
	$(BIN)/python deploy/sbom.py > liaison-bot.cdx.json
