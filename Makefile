# `make run` trains the main job, prints its table and draws its figure; `make test` runs the tests that are quick,
# `make slow` the others; `make gate` asks whether the code still gives the results in .ci/gate/regbench.lock.yaml.
# `make docs` builds the documentation.
# Each does all of its own set-up. TORCH_BACKEND=cu128 (or cpu) overrides the detection of the torch build.
PYTHON ?= python3
export TORCH_BACKEND

.PHONY: run test slow lint gate docs install clean
run test slow lint gate docs install:
	@$(PYTHON) tools/dev.py $@

clean:
	rm -rf .venv build docs/catalog regbench.egg-info .pytest_cache .ruff_cache .import_linter_cache
