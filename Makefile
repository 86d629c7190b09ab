# Every target works in a fresh clone; `make` alone lists them.
SHELL := /bin/bash
M := .venv/bin/meridian
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup toolchain up down test lint bench doctor clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

setup:  ## install the Python packages into .venv (done once)
	@scripts/bootstrap

toolchain: setup  ## find or build the engine and the control planes (done once)
	@$(M) toolchain

up: toolchain  ## bring the estate up on this machine
	@$(M) up local

down:  ## stop every process of this checkout
	@if [ -e .meridian/worker.json ] || [ -e .meridian/local/daemon.json ]; then scripts/bootstrap && $(M) down; \
	else echo "nothing to stop"; fi

test: toolchain lint  ## style, types, arrows and all tests; the last part brings whole estates up and breaks them
	.venv/bin/pytest -q -n 2 --dist loadfile -m "not controlplane"
	.venv/bin/pytest -q -m controlplane

lint: setup  ## style, types and the arrows between packages
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench: toolchain  ## the measurements of the docs, as ratios
	@for each in bench/bench_*.py; do echo "== $$each"; .venv/bin/python $$each; done

doctor: setup  ## what is found, what is missing, what mends it
	@$(M) doctor

clean: down  ## remove all that this checkout made (the shared tool cache stays)
	rm -rf .meridian .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache out stacks/Pulumi.*.yaml
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
