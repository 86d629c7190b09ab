"""Results are kept in a chain that shows every edit, and tell when a drill is due again."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meridian.audit.actions import DRILLS, journal
from meridian.drills.catalogue import Entry, catalogue
from meridian.drills.evidence import folder, keep, records, verify
from meridian.model import load_environment
from meridian.paths import Checkout, find_checkout

PROD = load_environment(find_checkout().root, "prod")
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def kept(tmp_path: Path) -> Checkout:
    made = Checkout(tmp_path)
    for number in range(3):
        keep(made, "local", "region-eu", {"ended": 1000.0 + number, "held": True, "figure": 0.1})
    return made


def test_every_result_is_noted_in_the_audit_journal_with_its_digest(kept: Checkout) -> None:
    chain = journal(kept, DRILLS)
    assert chain.problems() == []
    noted = [entry["content"]["digest"] for entry in chain.entries()]
    assert noted == [record.content["digest"] for record in records(kept, "local")]


def files(checkout: Checkout) -> list[Path]:
    return sorted(folder(checkout, "local").glob("*.json"))


def edit(file: Path) -> None:
    file.write_text(file.read_text().replace("0.1", "0.2"))


def test_a_whole_chain_holds_and_its_files_are_their_owners(kept: Checkout) -> None:
    assert verify(kept, "local") == []
    assert [file.name for file in files(kept)] == [f"000{n}-region-eu.json" for n in (1, 2, 3)]
    assert all(file.stat().st_mode & 0o077 == 0 for file in files(kept))
    assert verify(kept, "prod") == []


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda found: edit(found[0]), "0001-region-eu.json: edited"),
        (lambda found: edit(found[2]), "0003-region-eu.json: edited"),
        (lambda found: found[0].unlink(), "number 1 before it is missing"),
        (lambda found: found[1].unlink(), "number 2 before it is missing"),
        (lambda found: found[2].unlink(), "number 3 at the end is missing"),
        (lambda found: found[1].write_text("{"), "0002-region-eu.json: cannot be read"),
        (lambda found: found[2].rename(found[2].with_name("0009-x.json")), "renamed"),
        (lambda found: (found[0].parent / "HEAD").unlink(), "HEAD is missing"),
    ],
)
def test_every_edit_and_removal_is_found(
    kept: Checkout, spoil: Callable[[list[Path]], object], told: str
) -> None:
    spoil(files(kept))
    assert told in "\n".join(verify(kept, "local"))


def test_a_record_with_a_new_digest_of_its_own_breaks_the_next_ones_link(kept: Checkout) -> None:
    from meridian.drills.evidence import digest

    first = files(kept)[0]
    content = json.loads(first.read_text())
    content["result"]["held"] = False
    content["digest"] = digest({key: value for key, value in content.items() if key != "digest"})
    first.write_text(json.dumps(content))
    assert verify(kept, "local") == ["0002-region-eu.json: does not follow the record before it"]


def entry(checkout: Checkout, spelling: str) -> Entry:
    found = catalogue(PROD, records(checkout, "prod"), NOW)
    return next(each for each in found if each.target.spelling == spelling)


def ran(checkout: Checkout, days_ago: float, *, held: bool = True, slug: str = "region-eu") -> None:
    ended = (NOW - timedelta(days=days_ago)).timestamp()
    keep(checkout, "prod", slug, {"ended": ended, "held": held})


def test_a_drill_is_due_until_it_held_and_again_after_the_models_days(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    days = PROD.compliance.drill_days
    assert (entry(checkout, "region:eu").state, entry(checkout, "region:eu").is_due) == ("never run", True)
    ran(checkout, days + 1)
    assert entry(checkout, "region:eu").state == "due"
    ran(checkout, days - 1)
    found = entry(checkout, "region:eu")
    assert (found.state, found.is_due, found.due) == ("held", False, NOW + timedelta(days=1))
    assert entry(checkout, "region:us").state == "never run"


def test_a_drill_that_did_not_hold_is_due_at_once(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    ran(checkout, 10)
    ran(checkout, 1, held=False)
    assert (entry(checkout, "region:eu").state, entry(checkout, "region:eu").is_due) == ("failed", True)
    ran(checkout, 3, slug="cluster-prod-eu-gke-with-machines")
    assert entry(checkout, "cluster:prod-eu-gke").state == "held"
