"""A message shows a value as JSON, and says what is wanted in the words of YAML: nobody here writes Python."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from meridian.model.environment import Environment
from meridian.model.explain import explain
from meridian.model.problems import ModelErrors, shown
from meridian.model.source import Source
from meridian.orchestrator.drift import noise_rules

ROOT = Path(__file__).parents[2]
PYTHONS = re.compile(
    r"\b(True|False|None|dict|dictionary|tuple|ordereddict|odict_keys|Commented\w+|Scalar\w+)\b|\w+\("
)
WRONG = (["x"], {"x": 1}, 3, "x", None, True, 1.5, "", date(2026, 1, 1))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a\n- b\n", '["a", "b"]'),
        ("- {a: true}\n- null\n", '[{"a": true}, null]'),
        ("3.50\n", "3.5"),
        ("!!set {a, b}\n", '{"a": null, "b": null}'),
        ("|\n  text\n", '"text\\n"'),
        ("2026-01-01\n", "2026-01-01"),
        ("", '"empty"'),
    ],
)
def test_a_file_that_is_no_mapping_is_shown_by_its_content(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(text)
    problem = Source(tmp_path / "x.yaml", "x.yaml").problem
    assert str(problem).startswith(
        f"x.yaml:1:1: (the whole file) = {told}: the file must be a mapping; fix: "
    )


def test_what_an_anchor_or_a_key_of_yaml_is_called_reaches_no_data(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("a: &yes true\nb: *yes\n[c, d]: 1\n{e: f}: 2\nnull: 3\ng: !!set {h}\n")
    data = Source(tmp_path / "x.yaml", "x.yaml").data()
    assert data == {"a": True, "b": True, '["c", "d"]': 1, '{"e": "f"}': 2, "null": 3, "g": {"h": None}}
    assert data["a"] is True and data["b"] is True


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["a", "ü"]),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
        max_leaves=3,
    )
)
def test_a_short_value_is_shown_as_the_json_that_means_it(value: object) -> None:
    text = shown(value)
    assert "..." in text or json.loads(text) == value


def test_what_json_has_no_word_for_is_shown_as_its_text() -> None:
    assert shown(ip_network("10.0.0.0/8")) == "10.0.0.0/8"
    assert shown(("a", ip_network("10.0.0.0/8"))) == '["a", "10.0.0.0/8"]'


def test_a_long_value_is_cut_before_it_is_written() -> None:
    huge: Any = ["x"]
    for _ in range(60):
        huge = [huge] * 10
    assert len(shown(huge)) <= 80 and len(shown("x" * 10**6)) <= 80
    assert shown(list(range(9))) == '[0, 1, 2, 3, 4, 5, "..."]'


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, each in entries:
        yield (*path, step)
        yield from places(each, (*path, step))


def put(data: Any, path: tuple[Any, ...], value: object) -> Any:
    """Return the data with another value at a path; what is not on the path is shared."""
    if not path:
        return value
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[path[0]] = put(data[path[0]], path[1:], value)
    return copy


def test_no_setting_of_a_wrong_type_is_told_in_pythons_words() -> None:
    data = Source(ROOT / "stacks/prod/estate.yaml", "estate.yaml").data()
    data["tables"] = Source(ROOT / "stacks/tables.yaml", "tables.yaml").data()
    data["regions"] = {"eu": Source(ROOT / "stacks/prod/eu.yaml", "eu.yaml").data()}
    told = set()
    for path in places(data):
        if path[0] != "tables" or len(path) < 3 or path[2] == "users":
            for wrong in WRONG:
                try:
                    Environment.model_validate(put(data, path, wrong))
                except ValidationError as error:
                    told |= {(each.rule, each.fix) for each in explain(error, Environment)}
    assert len(told) > 100
    # What a pattern or a list of words says is data.
    plain = {(rule, fix) for rule, fix in told if "pattern" not in rule and "choose" not in fix}
    assert [said for said in plain if PYTHONS.search(" ".join(said))] == []


class Things(BaseModel, extra="forbid"):
    """A model of another file."""

    names: tuple[int, ...] = ()


def test_an_unknown_setting_names_those_of_its_own_file() -> None:
    with pytest.raises(ValidationError) as caught:
        Things.model_validate({"colour": 1})
    (problem,) = explain(caught.value, Things)
    assert problem.fix == "remove it; known here: names"


def test_a_list_with_a_wrong_entry_is_not_called_too_short(mutate: Any) -> None:
    from meridian.model import load_environment

    with pytest.raises(ModelErrors) as caught:
        load_environment(mutate("estate.yaml", "compliance.frameworks", ["pci"]), "prod")
    assert [each.path for each in caught.value.problems] == [("compliance", "frameworks", 0)]
    with pytest.raises(ModelErrors, match=r"frameworks = \[\]: a list of at least 1 is needed here; fix: "):
        load_environment(mutate("estate.yaml", "compliance.frameworks", []), "prod")


def test_wrong_rules_of_drift_are_told_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "drift.yaml").write_text("noise:\n- type: x\n  property: [y]\n")
    with pytest.raises(ModelErrors) as caught:
        noise_rules(tmp_path)
    assert 'stacks/drift.yaml:3:3: noise[0].property = ["y"]: ' in str(caught.value)
    assert all(each.fix for each in caught.value.problems)
