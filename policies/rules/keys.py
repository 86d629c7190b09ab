"""Keys: they rotate, lie where the data lies, cannot be destroyed in a hurry, and encrypt every disk."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from meridian.compliance.rule import Problem, Scene, Severity, resource_rule, stack_rule
from meridian.plan import PlannedResource
from policies.rules.reading import is_, listed, number, shown, unknown

_DAY = 86_400
_ARN = re.compile(r"^arn:aws[\w-]*:kms:([a-z0-9-]+):")
_GOOGLE = re.compile(r"projects/[^/]+/locations/([^/]+)/keyRings/")


@resource_rule(
    "key-rotation",
    "Keys rotate at least once a year",
    Severity.HIGH,
    "enableKeyRotation with rotationPeriodInDays of at most 365; rotationPeriod of at most 31536000s",
    "aws:kms/key:Key",
    "gcp:kms/cryptoKey:CryptoKey",
)
def key_rotation(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """Symmetric keys only: neither cloud rotates the others."""
    if resource.type.startswith("aws:"):
        if resource.get("customerMasterKeySpec", default="SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT":
            return
        if not is_(resource.get("enableKeyRotation"), True):
            yield Problem(resource, "rotation off", "a key rotates by itself")
        days = number(resource.get("rotationPeriodInDays"))
    else:
        if resource.get("purpose", default="ENCRYPT_DECRYPT") != "ENCRYPT_DECRYPT":
            return
        period = resource.get("rotationPeriod")
        if period is None:
            yield Problem(resource, "no rotationPeriod", "a key rotates by itself")
        seconds = number(period)
        days = seconds / _DAY if seconds else None
    if days is not None and days > 365:
        yield Problem(resource, f"{days:.0f} days", "at most 365 days between rotations")


@resource_rule(
    "key-destruction-delayed",
    "A key is destroyed 30 days after the order at the earliest",
    Severity.HIGH,
    "deletionWindowInDays 30; destroyScheduledDuration 2592000s",
    "aws:kms/key:Key",
    "gcp:kms/cryptoKey:CryptoKey",
    advisory_in=("local",),
)
def key_destruction_delayed(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """Without the key all that lies under it is gone: there must be time to notice."""
    if resource.type.startswith("aws:"):
        days = number(resource.get("deletionWindowInDays", default=30))
    else:
        seconds = number(resource.get("destroyScheduledDuration", default="2592000s"))
        days = seconds / _DAY if seconds is not None else None
    if days is not None and days < 30:
        yield Problem(resource, f"{days:.0f} days", "at least 30 days to notice and to stop it")


@stack_rule(
    "key-of-the-region",
    "What lies in a region is encrypted with a key of that region",
    Severity.HIGH,
    "name a key of RegionKeys of the same region",
)
def key_of_the_region(scene: Scene) -> Iterator[Problem]:
    """A key elsewhere makes the region depend on another one, and its data readable under another law."""
    for resource in scene.plan:
        if (
            not resource.stays
            or not resource.custom
            or resource.type.startswith(("aws:kms", "gcp:kms", "pulumi:"))
        ):
            continue
        where = scene.plan.region(resource)
        if not where:
            continue
        for text in _key_names(resource.inputs):
            found = _ARN.match(text) or _GOOGLE.search(text)
            if found and found.group(1) not in (where, "*") and not where.startswith(f"{found.group(1)}-"):
                yield Problem(
                    resource, f"key in {found.group(1)}", f"the resource lies in {where}, so must its key"
                )


def _key_names(node: Any, key: str = "") -> Iterator[str]:
    """Yield texts under keys that name an encryption key; policies speak of keys of other places too."""
    if isinstance(node, Mapping):
        for name, value in node.items():
            yield from _key_names(value, str(name))
    elif isinstance(node, list):
        for value in node:
            yield from _key_names(value, key)
    elif (
        isinstance(node, str)
        and "policy" not in key.lower()
        and ("kms" in key.lower() or "key" in key.lower())
    ):
        yield node


@resource_rule(
    "disk-encrypted-with-own-key",
    "Disks and volumes are encrypted with our own key",
    Severity.HIGH,
    "set the key of the region: ebs.encrypted and kmsKeyId, bootDiskKmsKey, or the class's parameters",
    "aws:ec2/launchTemplate:LaunchTemplate",
    "aws:ebs/volume:Volume",
    "gcp:compute/disk:Disk",
    "gcp:container/nodePool:NodePool",
    "kubernetes:storage.k8s.io/v1:StorageClass",
)
def disk_encrypted_with_own_key(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """Nodes' disks hold pulled images, logs and what pods write to empty directories."""
    demand = "data at rest lies under a key that we can revoke"
    if resource.type.endswith("LaunchTemplate"):
        disks = listed(resource.get("blockDeviceMappings"))
        for disk in disks:
            ebs = disk.get("ebs") or {}
            if not is_(ebs.get("encrypted"), True) or not ebs.get("kmsKeyId"):
                yield Problem(resource, f"{disk.get('deviceName')}: {shown(ebs.get('kmsKeyId'))}", demand)
        if not disks:
            yield Problem(resource, "no disk is named", demand)
    elif resource.type.endswith("StorageClass"):
        parameters = resource.get("parameters", default={})
        if unknown(parameters) or not resource.get("provisioner", default="").endswith(
            (".aws.com", ".gke.io")
        ):
            return
        key = "kmsKeyId" if "aws" in resource.get("provisioner") else "disk-encryption-kms-key"
        if not parameters.get(key):
            yield Problem(resource, f"no {key}", demand)
    else:
        paths = {
            "aws:ebs/volume:Volume": ("kmsKeyId",),
            "gcp:compute/disk:Disk": ("diskEncryptionKey", "kmsKeySelfLink"),
            "gcp:container/nodePool:NodePool": ("nodeConfig", "bootDiskKmsKey"),
        }
        if not resource.get(*paths[resource.type]):
            yield Problem(resource, f"{'.'.join(paths[resource.type])} not set", demand)
