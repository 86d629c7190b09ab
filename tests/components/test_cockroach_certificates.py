"""The database's authority: what its certificates say, and that a change of authority leaves nobody outside."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from pulumi.runtime import mocks
from recording import Computed, Recording, record

from components.cockroach.certificates import Certificates, CertificatesArgs
from meridian.local.clouds import tls, x509_certificates
from meridian.model import Environment, load_environment
from meridian.model.topology import host, nodes

ROOT = Path(__file__).parents[2]
SECRET = "4dabf18193072939515e22adb298388d"
KEY, AUTHORITY = "tls:index/privateKey:PrivateKey", "tls:index/selfSignedCert:SelfSignedCert"
SIGNED = "tls:index/locallySignedCert:LocallySignedCert"


def plain(value: Any) -> Any:
    """Take secrets out of their wrapping."""
    if isinstance(value, dict):
        return plain(value["value"]) if SECRET in value else {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


class Engine:
    """Keeps what the embedded tls provider makes from one run to the next, as a state would."""

    def __init__(self) -> None:
        self._kept: dict[str, Mapping[str, Any]] = {}

    def outputs(self) -> dict[str, Computed]:
        makers = {
            KEY: lambda inputs: {k: getattr(v, "value", v) for k, v in tls._private_key(inputs).items()},
            AUTHORITY: x509_certificates.self_signed,
            "tls:index/certRequest:CertRequest": x509_certificates.request,
            SIGNED: x509_certificates.locally_signed,
        }

        def maker(token: str) -> Computed:
            def make(args: mocks.MockResourceArgs) -> Mapping[str, Any]:
                inputs = plain(args.inputs)
                place = f"{token} {args.name} {json.dumps(inputs, sort_keys=True)}"
                if place not in self._kept:
                    self._kept[place] = makers[token](inputs)
                return self._kept[place]

            return make

        return {token: maker(token) for token in makers}


class Made:
    """What one run of the component told."""

    def __init__(self, recording: Recording, told: dict[str, Any]) -> None:
        self.recording = recording
        self.bundle = x509.load_pem_x509_certificates(plain(told["bundle"]).encode())
        self.nodes = {key: _load(plain(one)["certificate"]) for key, one in told["nodes"].items()}
        self.clients = {key: _load(plain(one)["certificate"]) for key, one in told["clients"].items()}


def _load(text: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(text.encode())


@cache
def prod() -> Environment:
    return load_environment(ROOT, "prod")


def run(engine: Engine, signing: int = 1, trusted: Sequence[int] = (1,)) -> Made:
    data = prod().model_dump(mode="json")
    data["database"]["certificates"] |= {"signing": signing, "trusted": list(trusted)}
    environment = Environment.model_validate(data)
    args = CertificatesArgs(environment=environment, common_name="meridian-prod database", protect=True)
    recording, told = record(lambda: Certificates("database-ca", args).as_exports(), engine.outputs())
    return Made(recording, told)


@pytest.fixture(scope="module")
def made() -> Made:
    return run(Engine())


def accepted(bundle: Sequence[x509.Certificate], leaf: x509.Certificate, name: str) -> bool:
    """Whether a peer with this bundle believes that the certificate is this host's."""
    verifier = PolicyBuilder().store(Store(list(bundle))).time(datetime.now(UTC) + timedelta(minutes=1))
    try:
        verifier.build_server_verifier(x509.DNSName(name)).verify(leaf, [])
    except VerificationError:
        return False
    return True


def trusts(bundle: Sequence[x509.Certificate], leaf: x509.Certificate) -> bool:
    """Whether one of the authorities signed the certificate."""
    for authority in bundle:
        try:
            leaf.verify_directly_issued_by(authority)
        except (InvalidSignature, ValueError):
            continue
        return True
    return False


def test_every_node_s_certificate_is_believed_for_every_name_by_which_it_is_reached(made: Made) -> None:
    assert set(made.nodes) == {node.key for node in nodes(prod())} and len(made.nodes) == 9
    for key, leaf in made.nodes.items():
        for name in (
            host(prod(), key),
            f"{key}.database.svc.cluster.local",
            f"{key}-0.{key}.database.svc.cluster.local",
            "cockroachdb-public.database.svc.cluster.local",
            "cockroachdb-public",
            "localhost",
        ):
            assert accepted(made.bundle, leaf, name), (key, name)


def test_a_node_is_not_believed_under_another_node_s_name(made: Made) -> None:
    assert not accepted(made.bundle, made.nodes["eu-1"], host(prod(), "eu-2"))


def test_a_node_is_called_node_and_is_server_and_client_while_a_client_is_only_a_client(made: Made) -> None:
    for leaf in made.nodes.values():
        assert _common_name(leaf) == "node"
        assert set(_uses(leaf)) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    logins = ["root", "app", "signon", "exporter", "eraser", "auditor", "operator", "backup"]
    assert {key: _common_name(leaf) for key, leaf in made.clients.items()} == {name: name for name in logins}
    for leaf in made.clients.values():
        assert list(_uses(leaf)) == [ExtendedKeyUsageOID.CLIENT_AUTH]
        assert trusts(made.bundle, leaf)


def test_certificates_live_as_long_as_the_data_says_and_are_renewed_before(made: Made) -> None:
    leaf = made.nodes["eu-1"]
    assert (leaf.not_valid_after_utc - leaf.not_valid_before_utc).days == 365
    client = made.clients["root"]
    assert (client.not_valid_after_utc - client.not_valid_before_utc).days == 90
    assert {one.inputs["earlyRenewalHours"] for one in made.recording.all(SIGNED)} == {30 * 24}


def test_every_key_is_a_secret_and_the_authority_s_is_told_to_nobody() -> None:
    engine = Engine()
    data = prod().model_dump(mode="json")
    args = CertificatesArgs(
        environment=Environment.model_validate(data), common_name="meridian-prod database", protect=True
    )
    _, told = record(lambda: {"all": _secrecy(Certificates("database-ca", args))}, engine.outputs())
    assert told["all"] and all(told["all"])
    exported = json.dumps(plain(record(lambda: Certificates("ca", args).as_exports(), engine.outputs())[1]))
    for authority in (one for place, one in engine._kept.items() if place.startswith(f"{KEY} ca ")):
        assert authority["privateKeyPem"].splitlines()[1] not in exported


def _secrecy(certificates: Certificates) -> list[Any]:
    import pulumi

    exported = certificates.as_exports()
    keys = [one["key"] for kind in ("nodes", "clients") for one in exported[kind].values()]  # type: ignore[union-attr,attr-defined]
    return [pulumi.Output.from_input(_is_secret(key)) for key in keys]


async def _is_secret(key: Any) -> bool:
    return bool(await key.is_secret())


def test_a_change_of_authority_leaves_no_moment_in_which_two_nodes_do_not_believe_each_other() -> None:
    """Each step is rolled out node by node, so nodes of neighbouring steps meet."""
    engine = Engine()
    steps = [
        run(engine, signing=1, trusted=(1,)),
        run(engine, signing=1, trusted=(1, 2)),
        run(engine, signing=2, trusted=(1, 2)),
        run(engine, signing=2, trusted=(2,)),
    ]
    assert [len(step.bundle) for step in steps] == [1, 2, 2, 1]
    for earlier, later in itertools.pairwise(steps):
        for bundle in (earlier.bundle, later.bundle):
            for step in (earlier, later):
                for key, leaf in step.nodes.items():
                    assert accepted(bundle, leaf, host(prod(), key)), (key, len(bundle))
                assert all(trusts(bundle, leaf) for leaf in step.clients.values())
    # The whole way in one step would break it: this is why there are four.
    assert not accepted(steps[0].bundle, steps[3].nodes["eu-1"], host(prod(), "eu-1"))


def test_trusting_a_second_authority_signs_nothing_anew_and_keeps_the_first() -> None:
    engine = Engine()
    before, during = run(engine), run(engine, trusted=(1, 2))
    assert during.nodes == before.nodes and during.clients == before.clients
    assert before.bundle[0] in during.bundle


def test_the_first_authority_keeps_its_identity_and_every_authority_is_protected(made: Made) -> None:
    found = run(Engine(), signing=2, trusted=(1, 2)).recording
    assert {one.name for one in found.all(AUTHORITY)} == {"database-ca", "database-ca-2"}
    assert all(one.protect for one in found.all(AUTHORITY))
    keys = {one.name: one.protect for one in found.all(KEY)}
    assert keys["database-ca"] and keys["database-ca-2"] and not keys["database-ca-node-eu-1"]
    assert made.recording.one(AUTHORITY).aliased


def _common_name(leaf: x509.Certificate) -> str:
    (name,) = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(name.value)


def _uses(leaf: x509.Certificate) -> x509.ExtendedKeyUsage:
    return leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
