"""What an EKS cluster and its resources ask of the local control plane: the audit policy, and whose tokens it takes."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from meridian.local.authority import Authority
from meridian.local.controlplane.flags import authentication
from meridian.local.controlplane.spec import ControlPlaneSpec
from meridian.local.errors import LocalError
from meridian.local.inventory import Record
from meridian.local.issuer import Issuer
from meridian.local.planes import Planes

ISSUER = "https://login.meridian-local.example"
CLUSTER = "aws:eks/cluster:Cluster"
OIDC = "aws:eks/identityProviderConfig:IdentityProviderConfig"


def _record(row: int, token: str, name: str, inputs: dict[str, Any]) -> Record:
    outputs = {"region": "eu-west-1", "version": "1.34"}
    return Record(row, "aws", "local", token, name, name, f"urn::{name}", inputs, outputs, True)


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[Issuer]:
    made = Issuer(tmp_path / "issuer", Authority(tmp_path / "authority"))
    yield made
    made.stop()


def _asked(
    tmp_path: Path, issuer: Issuer, logs: list[str], *, oidc: bool, policy: str | None = "rules: []"
) -> Any:
    cluster = _record(1, CLUSTER, "eu", {"enabledClusterLogTypes": logs})
    given = {
        "issuerUrl": ISSUER,
        "clientId": "kubernetes",
        "groupsClaim": "groups",
        "usernamePrefix": "sign-on:",
    }
    config = _record(2, OIDC, "eu:oidc", {"clusterName": "eu", "oidc": given})
    records = {CLUSTER: [cluster], OIDC: [config] if oidc else []}
    inventory: Any = SimpleNamespace(all=lambda token: records.get(token, []), named=lambda *_: None)
    file = tmp_path / "policy.yaml"
    if policy is not None:
        file.write_text(policy)
    planes = Planes(inventory, tmp_path, tmp_path, tmp_path, file, issuer)
    return planes._spec(cluster)


def test_an_api_server_logs_by_the_policy_of_the_checkout_where_audit_logs_are_asked_for(
    tmp_path: Path, issuer: Issuer
) -> None:
    assert _asked(tmp_path, issuer, ["api", "audit"], oidc=False).audit_policy == "rules: []"
    assert _asked(tmp_path, issuer, ["api"], oidc=False).audit_policy is None


def test_a_checkout_without_the_policy_starts_no_api_server_and_says_so(
    tmp_path: Path, issuer: Issuer
) -> None:
    with pytest.raises(LocalError, match="git checkout policies/audit"):
        _asked(tmp_path, issuer, ["audit"], oidc=False, policy=None)


def test_an_identity_provider_makes_the_cluster_read_its_discovery_from_the_stand_in(
    tmp_path: Path, issuer: Issuer
) -> None:
    assert _asked(tmp_path, issuer, ["audit"], oidc=False).oidc is None
    oidc = _asked(tmp_path, issuer, ["audit"], oidc=True).oidc
    assert (oidc.issuer_url, oidc.client_id) == (ISSUER, "kubernetes")
    context = ssl.create_default_context(cadata=oidc.ca_pem)
    with httpx.Client(verify=context, trust_env=False) as http:
        document = http.get(oidc.discovery_url).json()
        keys = KeySet.import_key_set(http.get(document["jwks_uri"]).json())
        assert http.get(oidc.discovery_url.replace("openid-configuration", "other")).status_code == 404
    assert document["issuer"] == ISSUER
    assert "d" not in keys.keys[0].as_dict(private=False)
    assert jwt.decode(issuer.signer.token({"sub": "somebody"}), keys).claims == {"sub": "somebody"}


def test_the_stand_in_keeps_its_key_to_its_owner_and_its_port_over_a_restart(
    tmp_path: Path, issuer: Issuer
) -> None:
    before = issuer.discovery(ISSUER)
    issuer.signer.token({"sub": "somebody"})
    issuer.stop()
    again = Issuer(tmp_path / "issuer", Authority(tmp_path / "authority"))
    try:
        assert again.discovery(ISSUER) == before
    finally:
        again.stop()
    assert (tmp_path / "issuer/key.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("claim", "prefix", "expected"),
    [("email", None, ""), ("sub", None, f"{ISSUER}#"), ("email", "-", ""), ("email", "sign-on:", "sign-on:")],
)
def test_a_user_is_named_as_the_classic_flags_would(
    tmp_path: Path, claim: str, prefix: str | None, expected: str
) -> None:
    import json

    from meridian.local.controlplane.spec import OidcSpec

    spec = ControlPlaneSpec(
        id="one", name="one", cloud="aws", region="eu-west-1", version="1.34", service_cidr="10.96.0.0/16",
        pod_cidr="10.244.0.0/16", oidc=OidcSpec(ISSUER, "kubernetes", claim, username_prefix=prefix),
    )  # fmt: skip
    (jwt_config,) = json.loads(authentication(spec, tmp_path).read_text())["jwt"]
    assert jwt_config["claimMappings"]["username"] == {"claim": claim, "prefix": expected}
    assert len(jwt_config["userValidationRules"]) == 2
