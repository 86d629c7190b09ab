"""The review of a plan: its verdict, what it shows first, that it fits a comment and never calls anybody."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from meridian.plan import Plan, PlannedResource
from meridian.proofs.cost import CATEGORIES, Costs
from meridian.proofs.result import Finding, Proof, Verdict
from meridian.report import files, html, markdown
from meridian.report.estate import estate
from meridian.report.map_svg import draw
from meridian.report.review import Judgement, PolicyFinding, Review, current, review

COSTS = Costs(
    dict.fromkeys(CATEGORIES, (1.0, 2.0, 3.0)),
    {"n1": (6.0, 12.0, 18.0)},
    ("licence: by contract",),
)


def resource(kind: str, name: str, op: str = "create", unit: str = "eu", **more: object) -> PlannedResource:
    urn = f"urn:pulumi:prod-{unit}::meridian::{kind}::{name}"
    made = PlannedResource(unit, urn, op, {"name": name})
    return replace(made, **more)  # type: ignore[arg-type]


def plan(*resources: PlannedResource) -> Plan:
    units: dict[str, tuple[PlannedResource, ...]] = {}
    for each in resources:
        units[each.unit] = (*units.get(each.unit, ()), each)
    return Plan("prod", "plan", "0123456789abcdef", {}, units)


def proof(verdict: Verdict = Verdict.HOLDS, *, required: bool = True, value: str = "35 s") -> Proof:
    finding = Finding(
        "app", "fails over", verdict, value, "60 s", "" if verdict is Verdict.HOLDS else "80 s", required
    )
    return Proof("failover", "by hand", {}, (finding,))


BUCKET = "aws:s3/bucket:Bucket"
ROUTE = "aws:ec2/route:Route"


def test_a_plan_that_only_creates_is_safe() -> None:
    found = review(plan(resource(BUCKET, "b")), [proof()], COSTS)
    assert found.judgement is Judgement.SAFE
    assert found.needs_approval == ()


def test_a_right_that_is_new_in_an_estate_that_exists_asks_for_a_look(tmp_path: Path) -> None:
    role = resource("aws:iam/role:Role", "auditor")
    assert review(plan(role), [proof()], COSTS).judgement is Judgement.SAFE
    found = review(plan(resource(BUCKET, "b", "same"), role), [proof()], COSTS)
    assert found.judgement is Judgement.ATTENTION
    assert found.reasons == ("makes or changes 1 resource of identity",)
    files.write(found, tmp_path)
    assert "auditor" in (tmp_path / "preview.md").read_text().split("Who may do what")[1]


def test_a_demanded_claim_that_fails_refuses_the_plan_and_stands_first() -> None:
    found = review(plan(resource(BUCKET, "b", "delete")), [proof(Verdict.FAILS)], COSTS)
    assert found.judgement is Judgement.REFUSED
    assert found.reasons[0].startswith("failover: app: fails over: fails, 35 s (80 s)")


def test_a_claim_that_nobody_demands_refuses_nothing() -> None:
    assert review(plan(), [proof(Verdict.FAILS, required=False)], COSTS).judgement is Judgement.SAFE


def test_the_verdict_says_what_holds_as_demanded_and_what_fails_though_nobody_demands_it(
    tmp_path: Path,
) -> None:
    undemanded = Proof("availability", "by hand", {}, proof(Verdict.FAILS, required=False).findings * 2)
    found = review(plan(), [proof(), undemanded], COSTS)
    told = "1 of 1 demanded claims hold; 2 of 2 claims that nobody demands do not hold: availability 2"
    assert (found.judgement, found.proved) == (Judgement.SAFE, told)
    files.write(found, tmp_path)
    for name in ("preview.md", "preview.html", "preview.json"):
        assert told in (tmp_path / name).read_text()
    row = next(line for line in markdown.render(found).splitlines() if line.startswith("| availability"))
    assert "app and 1 more: fails over: fails 35 s" in row
    assert "hold, not failover 1" in review(plan(), [proof(Verdict.FAILS)], COSTS).proved


def test_what_holds_data_and_is_lost_comes_first_and_needs_its_name() -> None:
    found = review(plan(resource(ROUTE, "r", "replace"), resource(BUCKET, "b", "delete")), [], COSTS)
    assert found.judgement is Judgement.ATTENTION
    assert [each.name for each in found.destructive] == ["b", "r"]
    assert found.needs_approval == (f"urn:pulumi:prod-eu::meridian::{BUCKET}::b",)
    assert "which holds data" in found.reasons[0]


def test_a_mandatory_policy_finding_refuses_and_an_advisory_one_asks_for_attention() -> None:
    finding = PolicyFinding("eu", "no-public-bucket", "mandatory", "b", "is public")
    assert review(plan(), [], COSTS, policies=[finding]).judgement is Judgement.REFUSED
    assert (
        review(plan(), [], COSTS, policies=[replace(finding, level="advisory")]).judgement
        is Judgement.ATTENTION
    )


def test_a_change_of_who_may_do_what_asks_for_attention_on_an_existing_estate_only() -> None:
    role = "aws:iam/role:Role"
    assert review(plan(resource(role, "deployer")), [], COSTS).judgement is Judgement.SAFE
    found = review(plan(resource(role, "deployer", "update", changed=("assumeRolePolicy",))), [], COSTS)
    assert found.judgement is Judgement.ATTENTION
    assert "identity" in found.reasons[0]
    assert "assumeRolePolicy" in markdown.render(found)


def test_a_plan_of_a_state_that_may_be_behind_asks_for_attention() -> None:
    found = review(plan(), [], COSTS, behind="an earlier run was cut off in eu")
    assert (found.judgement, found.reasons) == (Judgement.ATTENTION, ("an earlier run was cut off in eu",))


def test_what_a_preview_warns_of_is_in_every_file_once_with_its_units_and_changes_no_verdict(
    tmp_path: Path,
) -> None:
    warnings = {"the digest is not set": ("us-platform", "eu-platform")}
    found = review(plan(), [], COSTS, warnings=warnings)
    assert found.judgement is Judgement.SAFE
    files.write(found, tmp_path)
    for name in ("preview.md", "preview.html", "preview.json"):
        assert (tmp_path / name).read_text().count("the digest is not set") == 1
    assert "| the digest is not set | us-platform, eu-platform |" in (tmp_path / "preview.md").read_text()
    told = json.loads((tmp_path / "preview.json").read_text())["warnings"]
    assert told == [{"message": "the digest is not set", "units": ["us-platform", "eu-platform"]}]
    assert "Warnings" not in markdown.render(review(plan(), [], COSTS))


def test_proofs_that_differ_from_the_baseline_are_shown_with_before_and_now() -> None:
    before = {"failover": proof(value="35 s").to_json()}
    found = review(plan(), [proof(value="45 s")], COSTS, baseline=before)
    assert [(change.before, change.finding.value) for change in found.changed_proofs] == [
        ("holds 35 s", "45 s")
    ]
    assert not review(plan(), [proof()], COSTS, baseline=before).changed_proofs


def test_every_part_of_a_review_counts_the_same_resources() -> None:
    whole = plan(
        resource(BUCKET, "b"),
        resource("meridian:aws:BackupBucket", "component", custom=False),
        resource("pulumi:providers:aws", "aws-eu"),
        resource("pulumi:pulumi:StackReference", "upstream", "read"),
        resource(ROUTE, "kept", "same"),
    )
    found = review(whole, [proof()], COSTS)
    assert found.counts == {"create": 3}
    assert "3 create" in (text := markdown.render(found))
    assert "eu: 3 resources" in text
    assert "eu: 3 of 4 resources change" in html.render(found)
    assert whole.count == 4


def test_the_estate_of_now_is_read_from_the_plan_s_own_old_inputs() -> None:
    whole = plan(
        resource(BUCKET, "kept", "same"),
        resource(BUCKET, "changed", "update", old_inputs={"name": "before"}),
        resource(BUCKET, "gone", "delete"),
        resource(BUCKET, "new"),
    )
    now = current(whole)
    assert now is not None
    assert [(each.name, each.get("name")) for each in now] == [
        ("kept", "kept"),
        ("changed", "before"),
        ("gone", "gone"),
    ]
    assert current(plan(resource(BUCKET, "new"))) is None


def big() -> Review:
    many = [resource(ROUTE, f"route-{number}", unit=f"u{number % 9}") for number in range(9000)]
    return review(plan(*many), [proof()], COSTS)


def test_a_comment_fits_the_code_host_s_limit_and_keeps_its_verdict() -> None:
    text = markdown.render(big())
    assert len(text) <= markdown.LIMIT
    assert text.startswith("<!-- meridian-preview: prod -->\n## ✅ prod: safe")
    assert len(markdown.render(big(), limit=3000)) <= 3000


def test_a_comment_calls_nobody_and_breaks_no_table() -> None:
    text = markdown.render(
        review(
            plan(),
            [],
            COSTS,
            policies=[PolicyFinding("eu", "p|q", "advisory", "b", "ask @all\nabout #1 | now")],
        )
    )
    assert "@all" not in text
    row = next(line for line in text.splitlines() if "p\\|q" in line)
    assert len(re.findall(r"(?<!\\)\|", row)) == 5


def clusters() -> tuple[PlannedResource, ...]:
    node = resource("kubernetes:apps/v1:StatefulSet", "gke-db-eu-1", unit="eu-platform", provider="gke")
    return (
        resource("gcp:container/cluster:Cluster", "prod-eu-gke", inputs={"name": "prod-eu-gke", "location": "europe-west1",
                 "resourceLabels": {"residency": "eu"}}),
        resource("aws:eks/cluster:Cluster", "prod-eu-eks", inputs={"name": "prod-eu-eks", "region": "eu-west-1"}),
        replace(node, inputs={"metadata": {"name": "eu-1"}}),
        resource("cloudflare:index/loadBalancer:LoadBalancer", "app", unit="edge", inputs={"name": "app.<b>.example"}),
    )  # fmt: skip


def test_the_map_shows_clusters_database_nodes_and_hostnames_and_is_well_formed() -> None:
    found = estate(plan(*clusters()))
    assert [(area.key, area.residency) for area in found.areas] == [("eu", "eu")]
    assert [(site.product, site.region, site.nodes) for site in found.areas[0].sites] == [
        ("GKE", "europe-west1", ["eu-1"]),
        ("EKS", "eu-west-1", []),
    ]
    drawn = draw(found)
    texts = [node.text for node in ElementTree.fromstring(drawn).iter() if node.text]
    assert "GKE prod-eu-gke" in texts
    assert "app.<b>.example" in texts


def test_every_unit_s_changes_have_a_place_on_the_map() -> None:
    whole = plan(
        *clusters(),
        resource("kubernetes:apps/v1:Deployment", "portal", unit="eu-platform", provider="eks"),
        resource("kubernetes:core/v1:Namespace", "nowhere", "update", unit="eu-definitions", provider="gke"),
        resource(BUCKET, "archive", unit="foundation"),
        resource("pulumi:pulumi:StackReference", "only read", "read", unit="foundation"),
        resource("aws:ec2transitgateway/peeringAttachment:PeeringAttachment", "eu-us", "same", unit="mesh"),
        resource("meridian:sql:Schema", "app", unit="data"),
        resource("aws:eks/cluster:Cluster", "prod-asia-eks", "delete", unit="asia"),
        resource("kubernetes:core/v1:Namespace", "gone", "delete", unit="asia-platform"),
    )
    found = estate(whole)
    assert [(each.unit, each.holds, each.changed) for each in found.shared] == [
        ("mesh", "1 transit gateway peering, one hub, private names", 0),
        ("data", "the database's schema, roles, placement and backups", 1),
        ("foundation", "services, audit, log archive, CI's identities, budgets", 1),
        ("asia", "nothing of it stays", 1),
        ("asia-platform", "nothing of it stays", 1),
    ]
    drawn = ElementTree.fromstring(draw(found))
    marks = [node.text or "" for node in drawn.iter() if node.get("class") == "marked"]
    assert sum(map(int, marks)) == sum(len(whole.changing(unit)) for unit in whole.units) == 10


def test_the_page_runs_no_script_asks_no_network_and_escapes_what_it_shows() -> None:
    page = html.render(review(plan(resource(BUCKET, "<script>alert(1)</script>")), [proof()], COSTS))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "default-src 'none'" in page


def test_every_file_is_written_and_the_json_is_a_baseline_for_the_next_review(tmp_path: Path) -> None:
    found = review(plan(*clusters()), [proof()], COSTS, COSTS)
    written = files.write(found, tmp_path / "deep" / "out")
    assert sorted(path.name for path in written) == [
        "plan.json",
        "preview.html",
        "preview.json",
        "preview.md",
    ]
    told = json.loads((tmp_path / "deep/out/preview.json").read_text())
    assert told["verdict"] == "safe"
    assert not review(plan(), [proof()], COSTS, baseline=told["proofs"]).changed_proofs
    assert Plan.from_json((tmp_path / "deep/out/plan.json").read_text()) == found.plan


@pytest.mark.parametrize("now", [None, COSTS])
def test_money_is_shown_with_its_change_and_unknown_prices_are_told(now: Costs | None) -> None:
    text = markdown.render(review(plan(), [], COSTS, now))
    assert "| **total** | 6 | **12** | 18 | " + ("0 |" if now else "new |") in text
    assert "licence: by contract" in text
