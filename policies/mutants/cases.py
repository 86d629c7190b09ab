"""One change a case that breaks one rule of the baseline and no other."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from meridian.plan import PlannedResource
from policies.mutants.baseline import HARD, IMAGE, made

Edit = Callable[[list[PlannedResource]], list[PlannedResource]]


@dataclass(frozen=True)
class Case:
    """A mutant: the rule that must find it, and how it is made."""

    rule: str
    says: str
    edit: Edit


def _set(rule: str, name: str, value: Any, *path: str | int) -> Case:
    """Return the case in which an input of the resource `name` has another value."""

    def edit(found: list[PlannedResource]) -> list[PlannedResource]:
        return [replace(e, inputs=_put(e.inputs, path, value)) if e.name == name else e for e in found]

    return Case(rule, f"{name}: {'.'.join(map(str, path))} = {str(value)[:50]}", edit)


def _put(node: Any, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    if isinstance(node, list):
        return [_put(each, path[1:], value) if index == path[0] else each for index, each in enumerate(node)]
    return {**node, path[0]: _put(node.get(path[0], {}), path[1:], value)}


def _without(rule: str, name: str) -> Case:
    return Case(rule, f"without {name}", lambda found: [each for each in found if each.name != name])


def _with(rule: str, kind: str, inputs: Mapping[str, Any]) -> Case:
    return Case(rule, f"with {kind}", lambda found: [*found, made(kind, "added", dict(inputs))])


def _open(rule: str, name: str) -> Case:
    return Case(
        rule,
        f"{name} not protected",
        lambda found: [replace(each, protect=False) if each.name == name else each for each in found],
    )


def _desired(rule: str, says: str, change: Callable[[dict[str, Any]], None]) -> Case:
    def edit(found: list[PlannedResource]) -> list[PlannedResource]:
        content = json.loads(next(str(e.get("desired")) for e in found if e.name == "schema"))
        change(content)
        return [
            replace(e, inputs={"desired": json.dumps(content)}) if e.name == "schema" else e for e in found
        ]

    return Case(rule, says, edit)


def _allow(**statement: Any) -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", **statement}]})


_C = ("spec", "template", "spec", "containers", 0)
_ARGS = ["start", "--certs-dir=/c", "--tls-cipher-suites=TLS_AES_256_GCM_SHA384", "--enterprise-encryption=x"]
CASES: tuple[Case, ...] = (
    _set("bucket-not-public", "backup", "public-read", "acl"),
    _set("bucket-not-public", "archive", "inherited", "publicAccessPrevention"),
    _set("bucket-not-public", "writer", "allUsers", "member"),
    _set("bucket-not-public", "backup-block", False, "blockPublicPolicy"),
    _without("bucket-public-access-blocked", "backup-block"),
    _set("bucket-encrypted-with-own-key", "archive", {}, "encryption"),
    _without("s3-encrypted-with-own-key", "backup-sse"),
    _without("bucket-tls-only", "backup-policy"),
    _set("key-rotation", "key-aws", False, "enableKeyRotation"),
    _set("key-rotation", "key-gcp", "40000000s", "rotationPeriod"),
    _set("key-destruction-delayed", "key-aws", 7, "deletionWindowInDays"),
    _set("key-of-the-region", "logs", "arn:aws:kms:us-east-1:1:key/k", "kmsKeyId"),
    _set("disk-encrypted-with-own-key", "template", "false", "blockDeviceMappings", 0, "ebs", "encrypted"),
    _set("disk-encrypted-with-own-key", "class", {"type": "gp3"}, "parameters"),
    _set("disk-encrypted-with-own-key", "pool", None, "nodeConfig", "bootDiskKmsKey"),
    _set("cluster-secrets-encrypted", "eks", {}, "encryptionConfig"),
    _set("cluster-secrets-encrypted", "gke", "DECRYPTED", "databaseEncryption", "state"),
    _set("cluster-private-endpoint", "eks", True, "vpcConfig", "endpointPublicAccess"),
    _set("cluster-private-endpoint", "gke", False, "privateClusterConfig", "enablePrivateEndpoint"),
    _set("cluster-audit-logs", "eks", ["api"], "enabledClusterLogTypes"),
    _set("cluster-audit-logs", "gke", ["SYSTEM_COMPONENTS"], "loggingConfig", "enableComponents"),
    _set("cluster-sign-on-federated", "eks", "CONFIG_MAP", "accessConfig", "authenticationMode"),
    _set("cluster-sign-on-federated", "gke", True, "enableLegacyAbac"),
    _set("node-identity-protected", "template", "optional", "metadataOptions", "httpTokens"),
    _set("node-identity-protected", "pool", "GCE_METADATA", "nodeConfig", "workloadMetadataConfig", "mode"),
    _set("no-open-ingress", "group", ["0.0.0.0/0"], "ingress", 0, "cidrBlocks"),
    _set("no-open-ingress", "allow", ["0.0.0.0/0"], "sourceRanges"),
    _set("subnet-private", "subnet", True, "mapPublicIpOnLaunch"),
    _set("subnet-private", "nodes", False, "privateIpGoogleAccess"),
    _without("private-endpoints", "vpc-s3"),
    _without("flow-logs", "vpc-flows"),
    _set("flow-logs", "nodes", None, "logConfig"),
    _set("listener-tls-minimum", "listener", "ELBSecurityPolicy-2016-08", "sslPolicy"),
    _set("iam-no-wildcard", "rights", _allow(Action="*", Resource="*"), "policy"),
    _set("iam-no-wildcard", "grant", "roles/owner", "role"),
    _with("no-long-lived-keys", "aws:iam/accessKey:AccessKey", {"user": "u"}),
    _with("no-long-lived-keys", "gcp:serviceaccount/key:Key", {}),
    _set("iam-no-stranger", "role", _allow(Principal="*", Action="sts:AssumeRole"), "assumeRolePolicy"),
    _set("iam-no-stranger", "grant", "allUsers", "member"),
    _set("iam-no-stranger", "ci", "", "attributeCondition"),
    _set("audit-log-complete", "trail", False, "isMultiRegionTrail"),
    _set("audit-log-complete", "audit", [{"logType": "ADMIN_READ"}], "auditLogConfigs"),
    _without("audit-log-exists", "audit"),
    _set("audit-archive-locked", "archive", "86400", "retentionPolicy", "retentionPeriod"),
    _set("log-group-kept", "logs", 30, "retentionInDays"),
    _open("stateful-protected", "database"),
    _set("stateful-protected", "eks", False, "deletionProtection"),
    _set("backups-locked", "backups-eu", False, "retentionPolicy", "isLocked"),
    _without("backups-locked", "backup-versions"),
    _set("residency-of-resources", "gke", "us-central1", "location"),
    _set("residency-of-log-sinks", "agent", "datadoghq.com", "spec", "global", "site"),
    _desired(
        "residency-of-backups",
        "backups of the EU in the US",
        lambda d: d["parameters"]["backups"]["eu"].update(uri="gs://elsewhere?AUTH=implicit", residency="us"),
    ),
    _set("labels", "logs", {"environment": "prod"}, "tags"),
    _set(
        "namespace-pod-security",
        "ns-portal",
        "privileged",
        "metadata",
        "labels",
        "pod-security.kubernetes.io/enforce",
    ),
    _set("pod-hardened", "portal", {**HARD, "privileged": True}, *_C, "securityContext"),
    _set("pod-hardened", "portal", True, "spec", "template", "spec", "hostNetwork"),
    _without("network-policy-per-namespace", "net-portal-deny"),
    _set("image-by-digest", "portal", IMAGE.split("@")[0] + ":1", *_C, "image"),
    _set("rbac-no-wildcard", "reader", ["*"], "rules", 0, "verbs"),
    _set("rbac-no-administrators", "binding", "cluster-admin", "roleRef", "name"),
    _set("no-secret-in-plain-config", "portal", [{"name": "DB_PASSWORD", "value": "hunter2"}], *_C, "env"),
    _set("no-secret-in-plain-config", "config", {"url": "postgres://app:hunter2@db"}, "data"),
    _set("database-tls", "database", [*_ARGS, "--insecure"], *_C, "args"),
    _set("database-tls", "database", [each for each in _ARGS if "suites" not in each], *_C, "args"),
    _set("database-store-encrypted", "database", _ARGS[:3], *_C, "args"),
    _desired("database-backups", "no backups", lambda d: d["parameters"].update(backups={})),
    _set("edge-tls-minimum", "zone-min_tls_version", "1.0", "value"),
    _without("edge-tls-minimum", "zone-ssl"),
    _without("edge-firewall", "managed"),
    _without("edge-origin-authenticated", "pulls"),
    _set("edge-origin-tls", "monitor", True, "allowInsecure"),
    _set("edge-origin-tls", "balancer", False, "proxied"),
    _set("edge-access-second-factor", "access", [], "requires"),
    _with("processors-registered", "stripe:index/product:Product", {}),
    _without("slo-watched", "burn"),
)
