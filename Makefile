# Two commands on a fresh machine with Python 3.11 or newer: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := demo
TSC ?= tsc

.PHONY: demo test check scripts format audit proof bench accuracy weights clean

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test]"
	touch $@

demo: $(VENV)/installed  ## compare the example pair, print the answer and the path of the report
	@mkdir -p $(DEMO)
	@$(BIN)/spotdiff compare examples/hall_before.jpg examples/hall_after.jpg \
		--report $(DEMO)/hall.html --overlay $(DEMO)/hall.png --json $(DEMO)/hall.json || test $$? -eq 1

# Two workers share two cores: more threads in each would only wait for one another.
test: $(VENV)/installed  ## the tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

check: $(VENV)/installed  ## everything that must hold: format, lint, types, layers, doctests, tests
	$(BIN)/ruff format --check src tests tools benchmarks proof
	$(BIN)/ruff check src tests tools benchmarks proof
	$(BIN)/mypy
	$(MAKE) scripts
	$(MAKE) test

scripts:  ## the types of the pages' scripts, by what JSDoc says of them
	@if command -v $(TSC) > /dev/null; then $(TSC) --project .; \
		else echo "tsc is not installed, so types of scripts were not checked: npm install --global typescript"; fi

format: $(VENV)/installed
	$(BIN)/ruff format src tests tools benchmarks proof
	$(BIN)/ruff check --fix src tests tools benchmarks proof

audit: $(VENV)/installed  ## licences of all dependencies, and their known faults where pip-audit reaches its database
	$(BIN)/python tools/audit.py licences
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-audit || true
	@$(BIN)/python tools/audit.py faults || test $$? -eq 2  # not reached is said, and no failure

# All of it takes most of a day: make proof SCALE=1
SCALE ?= 0.02
proof: $(VENV)/installed  ## what must hold under fault and attack, at a scale
	$(BIN)/python proof/run.py --scale $(SCALE) --table proof.md

bench: $(VENV)/installed  ## speed as ratios to the peers (needs node for odiff)
	$(BIN)/python benchmarks/speed.py

accuracy: $(VENV)/installed  ## accuracy on labelled pairs: make accuracy DATA=folder SCORER=score.py
	$(BIN)/python benchmarks/accuracy.py --data $(DATA) --scorer $(SCORER)

# About four hours of a processor core; stopped at any time, the same command goes on.
weights: $(VENV)/installed  ## the weights that come with spotdiff, from a collection: make weights COLLECTION=folder WORK=folder
	$(BIN)/python tools/sort_material.py $(COLLECTION) --out $(WORK)/material
	$(BIN)/python tools/clip_pairs.py --out $(WORK)/clips --count 40 $(COLLECTION)/video/*.mp4
	$(BIN)/spotdiff train tools/spot.toml --data $(WORK)/material/train --data $(WORK)/clips --out $(WORK)/first
	$(BIN)/spotdiff train tools/spot_second.toml --data $(WORK)/material/train --data $(WORK)/clips \
		--from $(WORK)/first/weights.safetensors --out $(WORK)/second \
		--steps 4700 --set lr=1.2e-3 --set measure_every=500 --set held_out=0.04 --set norms=batch
	$(BIN)/spotdiff train tools/spot_third.toml --data $(WORK)/material/train --data $(WORK)/clips \
		--from $(WORK)/second/weights.safetensors --out $(WORK)/third \
		--steps 3300 --set lr=1e-3 --set measure_every=1000 --set held_out=0.04 --set norms=batch
	$(BIN)/spotdiff export $(WORK)/third --out $(WORK)/spot.onnx
	cp $(WORK)/spot.onnx src/spotdiff/nets/shipped/spot.onnx
	cp $(WORK)/third/weights.safetensors src/spotdiff/nets/shipped/spot.safetensors
	$(BIN)/python benchmarks/calibration.py --materials $(WORK)/material/val --fit

clean:
	rm -rf $(VENV) $(DEMO) .pytest_cache .mypy_cache .ruff_cache
