SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup demo quick test matrix lint format docs soak bench detectors clean

# The pins in requirements/constraints.txt are for Python 3.10 to 3.13, tested with 3.11.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check --no-input
# The environment is made again when one of these changes.
REQUIRED := $(foreach name,runtime mminstall deploy tests,requirements/$(name).txt)
INPUTS := $(REQUIRED) requirements/no_deps.txt requirements/constraints.txt \
	setup.cfg setup.py pyproject.toml
INSTALLED := $(VENV)/.installed-$(shell cat $(INPUTS) | cksum | cut -d' ' -f1)
LOG := $(VENV)/install.log
# pip, with a line for each large step on the terminal and all of it in $(LOG).
SHOW := tee -a $(LOG) | awk '/ing .*[0-9][0-9] MB|^Installing/ { print substr($$0, 1, 88); fflush() }'

help: ## list the targets
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: $(INSTALLED) ## build .venv on first use, and when the requirements change

$(INSTALLED): $(INPUTS)
	@test -n '$(PYTHON)' || { echo 'error: no python3.11 and no python3 found'; exit 1; }
	@free=$$(df -Pk . | awk 'NR == 2 { print int($$4 / 1048576) }'); test $$free -ge 10 \
		|| { echo "error: $$free GB of disk are free here, the installation takes 10"; exit 1; }
	@echo 'Installing into $(VENV) with $(PYTHON): 3 to 15 minutes, 7 GB'
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@: > $(LOG); rm -f $(VENV)/.installed-*
	@{ $(PIP) install --progress-bar off -c requirements/constraints.txt setuptools \
		$(addprefix -r ,$(REQUIRED)) \
		&& $(PIP) install --no-deps --no-build-isolation -c requirements/constraints.txt \
		-r requirements/no_deps.txt -e . ; } 2>&1 | $(SHOW) \
		|| { tail -n 20 $(LOG); echo 'error: installation failed, see $(LOG)'; exit 1; }
	@touch $@
	@echo 'Installed. To use it: source $(VENV)/bin/activate'

DEMO := work_dirs/demo
DEMO_CONFIG := configs/acnn/acnn-opt_strided_4e_demo.py

demo: setup ## make data, train, test and draw: what A-CNN does, in 20 to 30 minutes
	@test ! -e $(DEMO) || { echo 'error: $(DEMO) exists from an earlier demo, complete or not: remove it first'; exit 1; }
	$(RUN) tools/make_synthetic_dataset.py $(DEMO)/data --task product-code \
		--num-train 2000 --num-test 200 --size 480x640 --seed 0
	$(RUN) tools/train.py $(DEMO_CONFIG) --work-dir $(DEMO)
	$(RUN) tools/test.py $(DEMO_CONFIG) $$(cat $(DEMO)/last_checkpoint) \
		--work-dir $(DEMO) --show-dir $(DEMO)/pictures
	@echo 'pictures:   $(DEMO)/pictures (wrong/ and correct/)'
	@echo "checkpoint: $$(cat $(DEMO)/last_checkpoint)"

# Tests side by side, one thread each: more threads would wait for one another.
# An empty TEST_WORKERS counts as none.
override TEST_WORKERS := $(or $(strip $(TEST_WORKERS)),2)
TEST := OMP_NUM_THREADS=1 $(RUN) -m pytest -q -n $(TEST_WORKERS) --dist worksteal

QUICK := tests/test_ops tests/test_models tests/test_datasets

quick: lint ## lint and the tests of ops, models, data sets and A-CNN end to end: 3 minutes
	$(TEST) -m 'not slow and not soak' $(QUICK) 'tests/test_methods.py::test_from_data_to_the_exported_model[acnn]'

test: lint ## lint and run the tests: 10 minutes
	$(TEST)

VERSIONS ?= 3.10 3.11 3.12 3.13 3.14

matrix: ## install and run the quick tests with each Python found, in .venv-3.x: 7 GB each
	@results=; for version in $(VERSIONS); do \
		for python in python$$version ~/.pyenv/versions/$$version.*/bin/python none; do \
			! $$python -c '' 2>/dev/null || break; \
		done; \
		if test $$python = none; then result='not found'; \
		elif $(MAKE) quick PYTHON=$$python VENV=.venv-$$version; then result=passed; \
		else result=failed; fi; \
		results+="Python $$version: $$result"$$'\n'; \
	done; printf '\n%s' "$$results"; test "$${results/failed/}" = "$$results"

lint: setup ## check format and style
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .

format: setup ## format, and fix what ruff can fix
	$(RUN) -m ruff format .
	$(RUN) -m ruff check --fix .

docs: setup ## write the documentation to docs/_build/index.html
	$(RUN) -m sphinx -q -W --keep-going -d docs/_build/.doctrees docs/en docs/_build

# Of the station's own soak, benchmarks/line_soak.py.
SOAK_MINUTES ?= 5

soak: setup ## run the long tests, for what fails seldom
	SOAK_MINUTES=$(SOAK_MINUTES) $(TEST) -m soak --hypothesis-profile=soak --durations=0

BENCH := work_dirs/bench
BENCH_CONFIG := configs/acnn/acnn-opt_strided_8e_synthetic-product-code.py
PRODUCT_CODE := data/synthetic-product-code

$(PRODUCT_CODE): | setup
	$(RUN) tools/make_synthetic_dataset.py $@ --task product-code \
		--num-train 2000 --num-test 1200 --size 480x640 --seed 0

# Each script prints its table; docs/en/benchmarks.md has the last ones.
bench: setup $(PRODUCT_CODE) ## train and test the full benchmark, and measure all costs
	$(RUN) tools/train.py $(BENCH_CONFIG) --work-dir $(BENCH)/acnn-opt --resume
	$(RUN) tools/test.py $(BENCH_CONFIG) $$(cat $(BENCH)/acnn-opt/last_checkpoint) \
		--work-dir $(BENCH)/acnn-opt
	for name in startup inference_breakdown training_throughput image_size data_set_size; do \
		case $$name in *_size) plot="--plot $(BENCH)/$$name.png";; *) plot=;; esac; \
		$(RUN) benchmarks/$$name.py $$plot | tee $(BENCH)/$$name.md; \
	done

# ultralytics is under the AGPL, and nothing but this needs it.
DETECTORS := yolov8n yolo11n

detectors: bench ## train YOLO on the same images, and compare: 3 hours on 2 cores
	$(PIP) install -c requirements/constraints.txt -r requirements/benchmarks.txt
	for name in $(DETECTORS); do \
		YOLO_OFFLINE=true YOLO_AUTOINSTALL=false $(RUN) benchmarks/train_yolo.py \
			$$name.yaml $(PRODUCT_CODE) --amp --work-dir $(BENCH)/$$name; \
	done
	rm -rf $(BENCH)/exported
	$(RUN) tools/deploy.py configs/deploy/acnn/full_onnxruntime_static-480x640.py \
		$(BENCH_CONFIG) $$(cat $(BENCH)/acnn-opt/last_checkpoint) \
		$(PRODUCT_CODE)/test/images/test_000000.jpg --work-dir $(BENCH)/exported
	$(RUN) benchmarks/against_detectors.py $(PRODUCT_CODE)/test \
		--model A-CNN=$(BENCH)/exported \
		$(foreach name,$(DETECTORS),--model $(name)=$(BENCH)/$(name)/train/weights/last.onnx) \
		| tee $(BENCH)/detectors.md

clean: ## remove what was built, but not .venv, data/ and work_dirs/
	rm -rf build dist docs/_build *.egg-info mmacnn/.mim .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
