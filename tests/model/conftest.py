"""A valid estate in a temporary checkout, to be mutated once per case."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
Mutate = Callable[..., Path]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that holds a copy of the production estate."""
    shutil.copytree(ROOT / "stacks" / "prod", tmp_path / "stacks" / "prod")
    shutil.copy(ROOT / "stacks" / "tables.yaml", tmp_path / "stacks" / "tables.yaml")
    return tmp_path


@pytest.fixture
def mutate(checkout: Path) -> Mutate:
    """Set (or with `...` delete) one value of one file; a path is dotted, digits are list positions."""

    def change(file: str, path: str, value: object) -> Path:
        folder = checkout / "stacks" if file == "tables.yaml" else checkout / "stacks" / "prod"
        target = folder / file
        yaml = YAML()
        data = yaml.load(target.read_text())
        node = data
        *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        for step in parents:
            node = node[step]
        if value is ...:
            del node[last]
        else:
            node[last] = value
        with target.open("w") as stream:
            yaml.dump(data, stream)
        return checkout

    return change
