"""Price lists as the clouds document them, served on loopback: what is taken, and what is refused with nothing written."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from ruamel.yaml import YAML

from meridian.cli import run
from meridian.model import load_environment
from meridian.model.assumptions import load_assumptions
from meridian.paths import find_checkout
from meridian.pricing.errors import PricingError
from meridian.pricing.refresh import refresh

ROOT = find_checkout(Path(__file__).parent).root
LISTED = YAML(typ="safe").load((ROOT / "stacks/assumptions/prices.yaml").read_text())["prices"]
HEADS = [
    "SKU", "TermType", "Currency", "Unit", "PricePerUnit", "Instance Type", "Operating System", "Tenancy",
    "Pre Installed S/W", "CapacityStatus", "Product Family", "Volume API Name",
]  # fmt: skip
_PREAMBLE = '"FormatVersion","v1.0"\n"Publication Date","2026-11-20"\n"OfferCode","AmazonEC2"\n'


class Lists:
    """Both clouds' lists; by default they say what the file says, and other things beside it."""

    def __init__(self) -> None:
        self.machines = {
            (name, region): amount
            for name, price in LISTED.items()
            if "." in name or name == "gp3"
            for region, amount in price["regions"].items()
        }
        self.cores: dict[str, float] = {}
        self.status = 200
        self.keys: list[str] = []
        self.address = ""

    def offer(self, region: str) -> str:
        rows = [",".join(f'"{head}"' for head in HEADS)]
        for (name, of), amount in self.machines.items():
            if of == region and name == "gp3":
                rows.append(f'"v","OnDemand","USD","GB-Mo","{amount}","","","","","","Storage","gp3"')
            elif of == region:
                for os, tenancy, price in (
                    ("Windows", "Shared", 9),
                    ("Linux", "Dedicated", 8),
                    ("Linux", "Shared", amount),
                ):
                    rows.append(
                        f'"m","OnDemand","USD","Hrs","{price}","{name}","{os}","{tenancy}","NA","Used","Compute Instance",""'
                    )
                rows.append(
                    f'"r","Reserved","USD","Hrs","0.01","{name}","Linux","Shared","NA","Used","Compute Instance",""'
                )
        return _PREAMBLE + "\n".join(rows) + "\n"

    def skus(self) -> list[dict[str, Any]]:
        """N1, N2, N4 and N2D: a core and a GiB whose sum is what the file says of eight cores."""
        found = []
        for family, said, gib in (
            ("n1", "N1 Predefined Instance", 30),
            ("n2", "N2 Instance", 32),
            ("n4", "N4 Instance", 32),
            ("n2d", "N2D AMD Instance", 32),
        ):
            for region, amount in LISTED[f"{family}-standard-8"]["regions"].items():
                core = self.cores.get(region, amount / 2 / 8)
                for part, price in (("Core", core), ("Ram", amount / 2 / gib)):
                    found.append(_sku(f"{said} {part} running in somewhere", region, price, "OnDemand"))
                    found.append(
                        _sku(
                            f"Spot Preemptible {said} {part} running in somewhere",
                            region,
                            price / 4,
                            "Preemptible",
                        )
                    )
        return found


def _sku(description: str, region: str, price: float, usage: str) -> dict[str, Any]:
    unit = {"currencyCode": "USD", "units": "0", "nanos": round(price * 1e9)}
    return {
        "description": description,
        "category": {"resourceFamily": "Compute", "usageType": usage},
        "serviceRegions": [region],
        "pricingInfo": [
            {
                "pricingExpression": {
                    "usageUnit": "h",
                    "tieredRates": [{"startUsageAmount": 0, "unitPrice": unit}],
                }
            }
        ],
    }


@pytest.fixture
def lists() -> Iterator[Lists]:
    known = Lists()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path)
            if path.path.startswith("/offers/"):
                body = known.offer(path.path.split("/")[-2])
            else:
                known.keys.append(self.headers.get("X-Goog-Api-Key", ""))
                assert "key" not in parse_qs(path.query)
                skus = known.skus()
                first = "pageToken" not in parse_qs(path.query)
                half = len(skus) // 2
                page = (
                    {"skus": skus[:half], "nextPageToken": "2"}
                    if first
                    else {"skus": skus[half:], "nextPageToken": ""}
                )
                body = json.dumps(page)
            self.send_response(known.status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    known.address = f"http://127.0.0.1:{server.server_address[1]}"
    yield known
    server.shutdown()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "prices.yaml"
    made.write_text((ROOT / "stacks/assumptions/prices.yaml").read_text())
    return made


def asked(file: Path, lists: Lists, key: str = "") -> list[tuple[str, str, float]]:
    found = refresh(file, gcp_key=key, aws_address=lists.address, gcp_address=lists.address)
    return [(change.name, change.region, change.now) for change in found]


def test_a_price_that_changed_is_written_with_date_and_source_and_the_rest_stays(
    file: Path, lists: Lists
) -> None:
    before = file.read_text().splitlines()
    lists.machines["m5.2xlarge", "eu-west-1"] = 0.444
    assert asked(file, lists) == [("m5.2xlarge", "eu-west-1", 0.444)]
    after = file.read_text().splitlines()
    assert len(after) == len(before)
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert all(line.strip().startswith(("m5.2xlarge", "m6i.2xlarge", "gp3")) for line in changed)
    written = YAML(typ="safe").load(file.read_text())["prices"]["m5.2xlarge"]
    assert written["regions"]["eu-west-1"] == 0.444
    assert written["source"] == "read from the cloud's own price list"


def test_google_is_asked_with_a_key_in_a_header_and_its_cores_and_memory_become_machines(
    file: Path, lists: Lists
) -> None:
    assert asked(file, lists, "secret-key") == []
    assert set(lists.keys) == {"secret-key"}
    assert len(lists.keys) == 2
    lists.cores["europe-west1"] = 0.03
    found = {(name, region): now for name, region, now in asked(file, lists, "secret-key")}
    n2 = LISTED["n2-standard-8"]["regions"]["europe-west1"]
    assert found["n2-standard-8", "europe-west1"] == pytest.approx(8 * 0.03 + n2 / 2, abs=1e-4)


def _ten_times(lists: Lists) -> None:
    lists.machines["m5.2xlarge", "us-east-1"] = 3.84


def _free(lists: Lists) -> None:
    lists.machines["m5.2xlarge", "us-east-1"] = 0


def _no_number(lists: Lists) -> None:
    lists.machines["m5.2xlarge", "us-east-1"] = "n/a"


def _gone(lists: Lists) -> None:
    del lists.machines["m5.2xlarge", "us-east-1"]


def _down(lists: Lists) -> None:
    lists.status = 503


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        (_ten_times, "within 3 times"),
        (_free, "above 0"),
        (_no_number, "a price is a number"),
        (_gone, "has no such thing"),
        (_down, "answers 503"),
    ],
)
def test_an_odd_answer_is_refused_with_its_fix_and_nothing_is_written(
    file: Path, lists: Lists, broken: Any, rule: str
) -> None:
    before = file.read_bytes()
    broken(lists)
    with pytest.raises(PricingError, match=rule) as refused:
        asked(file, lists)
    assert "fix: " in str(refused.value)
    assert file.read_bytes() == before
    assert [each.name for each in file.parent.iterdir()] == ["prices.yaml"]


def test_a_list_that_does_not_answer_is_told_and_ends_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "stacks" / "assumptions" / "prices.yaml"
    kept.parent.mkdir(parents=True)
    kept.write_text((ROOT / "stacks/assumptions/prices.yaml").read_text())
    (tmp_path / "Pulumi.yaml").touch()
    monkeypatch.setenv("MERIDIAN_ROOT", str(tmp_path))
    monkeypatch.delenv("MERIDIAN_GCP_API_KEY", raising=False)
    monkeypatch.setattr(
        refresh, "__kwdefaults__", {**(refresh.__kwdefaults__ or {}), "aws_address": "http://127.0.0.1:9"}
    )
    before = kept.read_bytes()
    assert run(["prices", "refresh"]) == 1
    told = capsys.readouterr().err
    assert "does not answer" in told and "fix: " in told and "Traceback" not in told
    assert kept.read_bytes() == before


def test_what_is_written_is_what_the_proofs_read(file: Path, lists: Lists, tmp_path: Path) -> None:
    lists.machines["gp3", "us-east-1"] = 0.09
    asked(file, lists)
    for folder in ("assumptions", "prod"):
        (tmp_path / "stacks" / folder).mkdir(parents=True)
        for source in (ROOT / "stacks" / folder).glob("*.yaml"):
            (tmp_path / "stacks" / folder / source.name).write_text(source.read_text())
    (tmp_path / "stacks/tables.yaml").write_text((ROOT / "stacks/tables.yaml").read_text())
    (tmp_path / "stacks/assumptions/prices.yaml").write_text(file.read_text())
    known = load_assumptions(tmp_path, load_environment(tmp_path, "prod"))
    assert known.prices.prices["gp3"].at("us-east-1") == 0.09
