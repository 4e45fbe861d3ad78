# The commands of a developer's day. Each works from a fresh clone: what it needs is set up first, in .venv.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check --no-input -qq
# Exact versions of the two oracles and of torch, read from the one place that pins them.
pin = $(shell grep --only-matching --extended-regexp '^$(1)==[^ ]+' constraints.txt)
READY := $(VENV)/.ready-for-archdsl

# What a recipe shows is what a person types inside the activated environment.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

# $(call show,COMMAND): prints the command as a person would type it, then runs it.
define show
@printf '\n$$ %s\n' '$(subst ','\'',$(1))'
@$(1)
endef

##@ Start here

.PHONY: help
help: ## list these commands
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo

.PHONY: demo
demo: $(READY) ## check the specs, show ResNet-50's table, write its PyTorch, run a batch through it, train LeNet
	@mkdir -p build/demo
	$(call show,archdsl check specs/)
	$(call show,archdsl summary specs/resnet.arch -n resnet50)
	$(call show,archdsl compile specs/resnet.arch -n resnet50 -o build/demo/resnet50.py)
	$(call show,PYTHONPATH=build/demo python -c "$(RUN_RESNET50)")
	@rm -rf build/demo/lenet
	$(call show,archdsl train specs/lenet.arch --run build/demo/lenet)

RUN_RESNET50 := import torch, resnet50; \
net = resnet50.resnet50(); \
print(net(torch.randn(2, 3, 224, 224)).shape, sum(weight.numel() for weight in net.parameters()))

.PHONY: test
test: lint ## lint, then run all tests (only some: make test ARGS='tests/test_house.py -k median')
	pytest -n 2 --dist worksteal $(ARGS)

.PHONY: nightly
nightly: $(READY) ## the tests that are too slow for every change: values of all networks, sharded training (20 minutes)
	pytest -m nightly $(ARGS)

##@ Every day

.PHONY: setup
setup: $(READY) ## create .venv and install the pinned development set (other targets do it by themselves)

# The tests that reach every branch of those packages: without the enumerations and the linters' long runs.
COVERING := tests/analysis/test_costs.py tests/analysis/test_receptive_field.py tests/check tests/cli/test_api.py \
	tests/codegen tests/compare/test_breaking.py tests/corpus tests/elaborate tests/ir tests/ops tests/sizes/test_declared.py
NOT_COVERING := not enumeration and not ruff and not linters and not ten_thousand

.PHONY: coverage
coverage: $(READY) ## every branch of check, ir, ops, elaborate and codegen is reached by a test (10 minutes)
	coverage erase
	coverage run -m pytest -n 2 --dist worksteal -q -k '$(NOT_COVERING)' $(COVERING) $(ARGS)
	coverage combine --quiet
	coverage report

.PHONY: lint
lint: $(READY) ## ruff, mypy --strict, and who may import whom
	ruff check .
	ruff format --check --quiet . || { ruff format --diff --quiet .; echo "Run 'make format'." >&2; exit 1; }
	mypy
	lint-imports --no-logo
	archdsl fmt --check specs archdsl/std || { echo "Run 'make format'." >&2; exit 1; }

.PHONY: format
format: $(READY) ## lay out all Python and .arch files, and repair what ruff can repair
	ruff check --fix-only --quiet .
	ruff format .
	archdsl fmt specs archdsl/std

.PHONY: tables
tables: $(READY) ## rebuild the parser's tables after a change of archdsl/syntax/grammar.lark
	python -m archdsl.syntax.build

.PHONY: bench
bench: $(READY) ## measure speed and memory against torchinfo (ARGS='--quick', ARGS='--strict')
	python -m benchmarks $(ARGS)

.PHONY: try-hooks
try-hooks: $(READY) ## run the hooks for pre-commit with pre-commit itself, on a copy of specs/ (installs it in build/)
	rm -rf build/hooked && mkdir -p build/hooked && cp specs/*.arch build/hooked/ && git init --quiet build/hooked
	test -x build/pre-commit/bin/pre-commit || { python -m venv build/pre-commit; build/pre-commit/bin/pip install --quiet pre-commit; }
	cd build/hooked && git add . && PRE_COMMIT_HOME=$(CURDIR)/build/pre-commit/home \
		$(CURDIR)/build/pre-commit/bin/pre-commit try-repo $(CURDIR) --all-files --verbose

N ?= 2000
MINUTES ?= 0

.PHONY: trust
trust: $(READY) ## prove the compiler against torch: make trust N=100000 MINUTES=60; goes on where it ended
	python -m tests.trust --programs $(N) --minutes $(MINUTES) $(ARGS)

.PHONY: rule-mutants
rule-mutants: $(READY) ## change each operator of the shape rules, see that a test fails (an hour; goes on where it ended)
	python -m tests.trust.rule_mutants $(ARGS)

.PHONY: sizes-campaign
sizes-campaign: $(READY) ## prove 2,000 random networks for open sizes, try 200 sizes of each in torch (10 minutes)
	python -W ignore -m tests.sizes.campaign --networks 2000 $(ARGS)

.PHONY: format-campaign
format-campaign: $(READY) ## format 2,000 generated files, and see that nothing is lost or changes twice (2 minutes)
	python -m tests.format.campaign --files 2000 $(ARGS)

.PHONY: compare-campaign
compare-campaign: $(READY) ## judge 1,000 random edits of specs by comparison and by torch (10 minutes)
	python -W ignore -m tests.compare.campaign --edits 1000 $(ARGS)

.PHONY: numbers-campaign
numbers-campaign: $(READY) ## compare weights, MACs and memory of 5,000 random networks with torch (4 minutes)
	python -m tests.numbers.campaign --networks 5000 $(ARGS)

# --- set-up ------------------------------------------------------------------------------------------------------------

# torch goes in first and by its exact version: any other order may fetch the newest CUDA build, several GB of it.
# torchvision and timm (oracles of the tests) go in without dependencies, because torchvision asks for a CUDA torch;
# the small packages that they do need stand in the [dev] extra.
$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "No python3.11 and no python3 found: install Python 3.11 or newer." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed." >&2; exit 1; }
	@test -x $(VENV)/bin/pip || { echo "Creating $(VENV) with $(PYTHON) ..."; $(PYTHON) -m venv $(VENV); }
	@echo "Installing $(call pin,torch) (once; takes a minute or two) ..."
	@$(PIP) install $(call pin,torch) -c constraints.txt
	@echo "Installing archdsl and the development tools ..."
	@$(PIP) install -e '.[dev]' -c constraints.txt
	@$(PIP) install --no-deps $(call pin,torchvision) $(call pin,timm)
	@touch $@
	@echo "Set up. To use it in your shell: source $(VENV)/bin/activate"
