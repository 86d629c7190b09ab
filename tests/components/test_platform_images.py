"""Every image that the platforms name is listed with the place of its digest, and pulled by it once it is written."""

from __future__ import annotations

import re

import pulumi
import pytest
from platform_unit import ROOT, objects

from meridian.program import images, versions

DIGEST = f"sha256:{'1' * 64}"
GATEWAY = "docker.io/envoyproxy/gateway:v1.9.1"


def test_the_page_lists_every_image_that_production_names_and_no_other() -> None:
    told = re.findall(r"^\| `([^`]+)` \| `", (ROOT / "docs/platform.md").read_text(), re.MULTILINE)
    run = {image for cluster in ("gke", "eks") for image in images.named(objects(cluster))}
    assert set(told) == run
    assert images.known() <= run


def test_a_written_digest_is_what_every_container_of_the_image_is_pulled_by() -> None:
    pinned = list(images.named(images.pinned(versions.manifests("gateway"), {GATEWAY: DIGEST})))
    assert len(pinned) > 1 and set(pinned) == {f"{GATEWAY}@{DIGEST}"}
    assert images.pinned(versions.CLUSTER_AUTOSCALER, {GATEWAY: DIGEST}) == versions.CLUSTER_AUTOSCALER


def test_a_digest_of_an_image_that_nothing_runs_is_refused_with_those_that_run() -> None:
    images.refuse_unknown({GATEWAY: DIGEST})
    with pytest.raises(
        pulumi.RunError, match=r"nothing runs .*:v1\.9\.0; fix: name one of .*gateway:v1\.9\.1"
    ):
        images.refuse_unknown({GATEWAY.replace("1.9.1", "1.9.0"): DIGEST})
