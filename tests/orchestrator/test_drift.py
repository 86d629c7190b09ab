"""Drift from an event log: what differs, without the noise, with who and both ways to mend it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from meridian.model.problems import ModelErrors
from meridian.orchestrator.drift import Noise, NoiseRule, noise_rules, read_drift, who

BUCKET = "urn:pulumi:prod-eu::meridian::meridian:gcp:BackupBucket$gcp:storage/bucket:Bucket::backups"


def event(op: str, urn: str = BUCKET, **more: Any) -> bytes:
    metadata = {"op": op, "urn": urn, "type": urn.split("::")[2].split("$")[-1], **more}
    return json.dumps({"resOutputsEvent": {"metadata": metadata}}).encode()


CHANGED = event(
    "update",
    old={"id": "b-1", "outputs": {"public": "enforced", "labels": {"owner": "us"}, "rules": [{"age": 1}]}},
    new={
        "id": "b-1",
        "outputs": {"public": "inherited", "labels": {"owner": "mallory"}, "rules": [{"age": 9}]},
    },
    detailedDiff={"public": {}, "labels.owner": {}, "rules[0].age": {}},
)


def test_every_difference_is_told_with_what_the_state_and_the_cloud_have() -> None:
    (found,), quiet = read_drift("prod", "eu", [event("refresh"), CHANGED, b'{"summaryEvent": {}}'], Noise())
    assert [(each.path, each.state, each.cloud) for each in found.differences] == [
        ("labels.owner", '"us"', '"mallory"'),
        ("public", '"enforced"', '"inherited"'),
        ("rules[0].age", "1", "9"),
    ]
    assert (found.name, found.id, found.gone, quiet) == ("backups", "b-1", False, 0)
    assert found.put_back == "meridian refresh prod --unit eu && meridian up prod --unit eu"
    assert "stacks/prod/" in found.keep


def test_noise_is_hidden_and_counted_and_a_resource_with_nothing_else_is_no_drift() -> None:
    rules = Noise(noise=(NoiseRule(type="gcp:storage/*", property="labels.*", why="the console's own"),))
    (found,), quiet = read_drift("prod", "eu", [CHANGED], rules)
    assert ("labels.owner" in [each.path for each in found.differences], quiet) == (False, 1)
    everything = Noise(noise=(NoiseRule(type="*", property="*", why="all"),))
    assert read_drift("prod", "eu", [CHANGED], everything) == ([], 3)


def test_what_is_gone_is_drift_whatever_the_noise_says() -> None:
    everything = Noise(noise=(NoiseRule(type="*", property="*", why="all"),))
    (found,), _ = read_drift("prod", "eu", [event("delete", old={"id": "b-1"})], everything)
    assert found.gone
    assert "take it out of the program" in found.keep


def test_new_outputs_of_another_stack_are_no_drift() -> None:
    reference = "urn:pulumi:prod-eu::meridian::pulumi:pulumi:StackReference::organization/meridian/prod-mesh"
    changed = event("update", reference, old={"id": "a"}, new={"id": "a"}, detailedDiff={"outputs.zone": {}})
    assert read_drift("prod", "eu", [changed], Noise()) == ([], 0)


def test_a_secret_is_never_shown() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}
    line = event(
        "update", old={"outputs": {"k": "x"}}, new={"outputs": {"k": secret}}, detailedDiff={"k": {}}
    )
    (found,), _ = read_drift("prod", "eu", [line], Noise())
    assert found.differences[0].cloud == "[secret]"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("aws:s3/bucket:Bucket", "cloudtrail lookup-events"),
        ("gcp:storage/bucket:Bucket", "gcloud logging read"),
        ("kubernetes:apps/v1:Deployment", "objectRef.name=web"),
        ("cloudflare:index/zone:Zone", "audit log"),
        ("tls:index/privateKey:PrivateKey", ""),
    ],
)
def test_each_cloud_s_own_log_says_who_did_it(kind: str, said: str) -> None:
    assert said in who("prod", kind, "ns/web")


def test_the_project_s_own_rules_are_valid_and_each_has_a_reason() -> None:
    rules = noise_rules(Path(__file__).parents[2] / "stacks")
    assert rules.noise
    assert all(rule.why for rule in rules.noise)
    assert not any(rule.type == "*" for rule in rules.noise)


@pytest.mark.parametrize(
    "text", ["noise: [{type: a, property: b}]", "noise: [{type: a, why: c, propertie: b}]", "noise: ["]
)
def test_a_broken_rule_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "drift.yaml").write_text(text)
    with pytest.raises(ModelErrors, match=r"stacks/drift\.yaml"):
        noise_rules(tmp_path)


def test_without_a_rule_file_nothing_is_noise(tmp_path: Path) -> None:
    assert noise_rules(tmp_path).noise == ()
