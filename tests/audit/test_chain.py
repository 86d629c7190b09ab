"""A journal in which every later change shows."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from meridian.audit.chain import Chain, ChainError, Head


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    made = Chain(tmp_path / "actions.jsonl")
    for number in range(1, 6):
        made.append("up", {"environment": "local", "change": number})
    return made


def _lines(chain: Chain) -> list[str]:
    return chain.file.read_text().splitlines()


def _write(chain: Chain, lines: list[str]) -> None:
    chain.file.write_text("".join(f"{line}\n" for line in lines))


def test_an_untouched_journal_is_whole_and_holds_what_was_written(chain: Chain) -> None:
    assert chain.problems() == []
    assert [entry["content"]["change"] for entry in chain.entries()] == [1, 2, 3, 4, 5]
    assert chain.file.stat().st_mode & 0o777 == 0o600


def test_a_changed_value_is_found_at_its_entry(chain: Chain) -> None:
    lines = _lines(chain)
    _write(chain, [*lines[:2], lines[2].replace('"change": 3', '"change": 4'), *lines[3:]])
    assert [(each.entry, "changed" in each.reason) for each in chain.problems()] == [(3, True)]


def test_an_entry_with_a_new_digest_of_its_own_no_longer_fits_its_neighbours(
    chain: Chain, tmp_path: Path
) -> None:
    forged = Chain(tmp_path / "forged.jsonl")
    for number in (1, 2, 9):
        forged.append("up", {"environment": "local", "change": number})
    lines = _lines(chain)
    _write(chain, [*lines[:2], _lines(forged)[2], *lines[3:]])
    assert {each.entry for each in chain.problems()} == {3, 4}


@pytest.mark.parametrize("gone", [0, 2])
def test_an_entry_that_was_taken_out_is_missed(chain: Chain, gone: int) -> None:
    lines = _lines(chain)
    _write(chain, lines[:gone] + lines[gone + 1 :])
    assert any("missing" in each.reason for each in chain.problems())


def test_swapped_entries_are_found(chain: Chain) -> None:
    one, two, three, *rest = _lines(chain)
    _write(chain, [one, three, two, *rest])
    assert {each.entry for each in chain.problems()} >= {2, 3}


def test_an_end_that_was_cut_off_is_missed(chain: Chain) -> None:
    _write(chain, _lines(chain)[:3])
    assert ["cut off" in each.reason for each in chain.problems()] == [True]


def test_a_journal_that_was_removed_is_missed(chain: Chain) -> None:
    chain.file.unlink()
    assert chain.problems()


def test_a_journal_written_anew_with_a_new_head_is_found_by_a_head_that_was_kept_elsewhere(
    chain: Chain,
) -> None:
    kept = chain.head()
    assert kept is not None
    chain.file.unlink()
    chain.file.with_suffix(".head").unlink()
    for number in range(1, 6):
        chain.append("up", {"environment": "local", "change": -number})
    assert chain.problems() == []
    assert ["written anew" in each.reason for each in chain.problems(kept)] == [True]


def test_a_head_that_was_kept_stays_part_of_a_journal_that_grows(chain: Chain) -> None:
    kept = chain.head()
    chain.append("destroy", {"environment": "local"})
    assert chain.problems(kept) == []
    assert chain.problems(Head(2, "f" * 64))


def test_nothing_is_added_to_a_journal_whose_end_is_not_what_was_written(chain: Chain) -> None:
    _write(chain, _lines(chain)[:3])
    with pytest.raises(ChainError, match="cut off"):
        chain.append("up", {})


def test_a_writer_that_was_killed_in_the_midst_of_a_line_leaves_a_journal_that_goes_on(chain: Chain) -> None:
    with chain.file.open("ab") as stream:
        stream.write(b'{"number": 6, "conte')
    assert chain.problems()
    chain.append("up", {"change": 6})
    assert chain.problems() == []
    assert json.loads(_lines(chain)[-1])["number"] == 6


def test_writers_side_by_side_make_one_chain(tmp_path: Path) -> None:
    file = tmp_path / "actions.jsonl"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: Chain(file).append("up", {"change": number}), range(40)))
    assert Chain(file).problems() == []
    assert sorted(entry["content"]["change"] for entry in Chain(file).entries()) == list(range(40))
