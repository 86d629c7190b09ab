"""Every check with what it asks and the controls (policies/controls.yaml) that it shows something of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """A check as people and the evidence name it."""

    title: str
    controls: tuple[str, ...]


ENCRYPTION, TLS, SIGN_ON = "secrets-encryption", "tls-minimum", "sign-on"
ACCESS, PODS, DENIES, FLOWS = "access-matrix", "pod-security", "network-default-deny", "network-flows"
ROWS, TRAIL, EDGE = "row-security", "audit-trail", "edge-tls"
OF_CLUSTERS = (ENCRYPTION, TLS, SIGN_ON, ACCESS, PODS, DENIES, FLOWS)

CHECKS: dict[str, Check] = {
    ENCRYPTION: Check(
        "Secrets lie encrypted in etcd",
        ("soc2-cc6.1", "hipaa-164.312-a2iv", "hipaa-seed-rest", "gdpr-art32"),
    ),
    TLS: Check(
        "API servers refuse older TLS",
        ("soc2-cc6.7", "hipaa-164.312-e1", "hipaa-seed-transit", "gdpr-art32"),
    ),
    SIGN_ON: Check(
        "Only the identity provider's tokens sign on", ("soc2-cc6.1", "soc2-cc6.2", "hipaa-164.312-d")
    ),
    ACCESS: Check(
        "Roles may what the matrix says, and nothing else",
        (
            "soc2-cc6.1",
            "soc2-cc6.3",
            "hipaa-164.308-a3",
            "hipaa-164.308-a4",
            "hipaa-164.312-a1",
            "hipaa-seed-access",
            "gdpr-art32",
        ),
    ),
    PODS: Check("Pods with power over their host are refused", ("soc2-cc6.8", "hipaa-164.308-a5")),
    DENIES: Check("Every namespace denies by default", ("soc2-cc6.6", "hipaa-164.312-a1", "gdpr-art25")),
    FLOWS: Check("Wanted flows pass, all others are refused", ("soc2-cc6.6", "hipaa-164.312-a1")),
    ROWS: Check(
        "Nobody reads or writes another person's rows",
        (
            "soc2-cc6.1",
            "soc2-c1.1",
            "hipaa-164.312-a1",
            "hipaa-seed-access",
            "gdpr-art25",
            "gdpr-seed-design",
        ),
    ),
    TRAIL: Check(
        "The audit trail is written and never changed",
        ("soc2-cc7.2", "hipaa-164.312-b", "hipaa-164.312-c1", "hipaa-seed-audit"),
    ),
    EDGE: Check(
        "The edge refuses older TLS",
        ("soc2-cc6.7", "hipaa-164.312-e1", "hipaa-seed-transit", "gdpr-art32"),
    ),
}
