"""A small estate in which every rule has something to look at and nothing to find."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from meridian.model import load_environment
from meridian.plan import UNKNOWN, Plan, PlannedResource
from meridian.sql import BackupTarget, Parameters, desired

ROOT = Path(__file__).parents[2]
ENVIRONMENT = "prod"
TAGS = {"environment": "prod", "owner": "team", "residency": "eu", "unit": "eu"}
K8S = {"meridian.dev/environment": "prod", "meridian.dev/residency": "eu"}
HARD = {"allowPrivilegeEscalation": False, "runAsNonRoot": True, "capabilities": {"drop": ["ALL"]}}
IMAGE = "registry.example/app@sha256:" + "0" * 64
_NODE = [
    "start",
    "--certs-dir=/c",
    "--tls-cipher-suites=TLS_AES_256_GCM_SHA384",
    "--enterprise-encryption=path=/d",
]


def made(kind: str, name: str, inputs: dict[str, Any], *, protect: bool = False) -> PlannedResource:
    """Return a resource of the baseline's one unit; what AWS and Google make lies in the EU."""
    cloud = kind.split(":", 1)[0]
    provider = {"aws": "aws-eu", "gcp": "gcp-eu", "kubernetes": "gke"}.get(cloud, cloud)
    return PlannedResource(
        "eu", f"urn:pulumi:prod-eu::meridian::{kind}::{name}", "create", inputs, protect=protect,
        provider=provider, parent="urn:pulumi:prod-eu::meridian::pulumi:pulumi:Stack::meridian-prod-eu",
    )  # fmt: skip


def _pod(container: dict[str, Any]) -> dict[str, Any]:
    return {
        "spec": {
            "template": {
                "spec": {"containers": [{"name": "c", "image": IMAGE, "securityContext": HARD, **container}]}
            }
        }
    }


@cache
def _schema() -> str:
    targets = {
        key: BackupTarget(
            uri=f"gs://backups-{key}?AUTH=implicit", kms="gs:///projects/p?AUTH=implicit", residency=key
        )
        for key in ("us", "eu", "asia")
    }
    return desired(load_environment(ROOT, ENVIRONMENT), Parameters(backups=targets)).to_json()


def resources() -> list[PlannedResource]:
    """Return the baseline's resources."""
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    trust = {"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    zone = [("min_tls_version", "1.3"), ("tls_1_3", "on"), ("ssl", "strict"), ("always_use_https", "on")]
    rule = [{"action": "execute", "enabled": True, "expression": "true"}]
    lock = {"rule": {"defaultRetention": {"mode": "COMPLIANCE", "days": 2200}}, "bucket": UNKNOWN}
    held = {"isLocked": True, "retentionPeriod": "200000000"}
    google = {
        "location": "europe-west1",
        "labels": TAGS,
        "publicAccessPrevention": "enforced",
        "encryption": {"defaultKmsKeyName": UNKNOWN},
        "retentionPolicy": held,
    }
    blocks = dict.fromkeys(
        ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True
    )
    sse = [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": UNKNOWN}}]
    mode = {
        "workloadMetadataConfig": {"mode": "GKE_METADATA"},
        "shieldedInstanceConfig": {"enableSecureBoot": True},
    }
    return [
        made("pulumi:providers:aws", "aws-eu", {"region": "eu-west-1"}),
        made("pulumi:providers:gcp", "gcp-eu", {"region": "europe-west1"}),
        made("aws:s3/bucket:Bucket", "backup", {"bucket": "backup", "tags": TAGS}, protect=True),
        made("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "backup-block", {"bucket": UNKNOWN, **blocks}),
        made("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", "backup-sse", {"bucket": UNKNOWN, "rules": sse}),
        made("aws:s3/bucketPolicy:BucketPolicy", "backup-policy", {"bucket": UNKNOWN, "policy": json.dumps({"Statement": [deny]})}),
        made("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration", "backup-lock", lock),
        made("aws:s3/bucketVersioning:BucketVersioning", "backup-versions", {"bucket": UNKNOWN, "versioningConfiguration": {"status": "Enabled"}}),
        made("gcp:storage/bucket:Bucket", "archive", {"name": "archive", **google}, protect=True),
        made("gcp:storage/bucket:Bucket", "backups-eu", {"name": "backups-eu", **google}, protect=True),
        made("gcp:storage/bucketIAMMember:BucketIAMMember", "writer", {"bucket": "archive", "member": "serviceAccount:s@p", "role": "roles/storage.objectCreator"}),
        made("aws:kms/key:Key", "key-aws", {"enableKeyRotation": True, "rotationPeriodInDays": 90, "deletionWindowInDays": 30, "tags": TAGS}, protect=True),
        made("gcp:kms/cryptoKey:CryptoKey", "key-gcp", {"rotationPeriod": "7776000s", "destroyScheduledDuration": "2592000s", "labels": TAGS}, protect=True),
        made("aws:ec2/launchTemplate:LaunchTemplate", "template", {"blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true", "kmsKeyId": "arn:aws:kms:eu-west-1:1:key/k"}}], "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1}}),
        made("gcp:container/nodePool:NodePool", "pool", {"location": "europe-west1", "nodeConfig": {"bootDiskKmsKey": UNKNOWN, **mode}}),
        made("kubernetes:storage.k8s.io/v1:StorageClass", "class", {"provisioner": "ebs.csi.aws.com", "parameters": {"kmsKeyId": UNKNOWN}}),
        made("aws:eks/cluster:Cluster", "eks", {"encryptionConfig": {"provider": {"keyArn": UNKNOWN}}, "vpcConfig": {"endpointPublicAccess": False}, "enabledClusterLogTypes": ["api", "audit", "authenticator"], "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}, "deletionProtection": True, "tags": TAGS}, protect=True),
        made("gcp:container/cluster:Cluster", "gke", {"location": "europe-west1", "databaseEncryption": {"state": "ENCRYPTED", "keyName": UNKNOWN}, "privateClusterConfig": {"enablePrivateEndpoint": True, "enablePrivateNodes": True}, "loggingConfig": {"enableComponents": ["SYSTEM_COMPONENTS", "APISERVER"]}, "deletionProtection": True, "resourceLabels": TAGS}, protect=True),
        made("aws:ec2/vpc:Vpc", "vpc", {"cidrBlock": "10.0.0.0/16", "tags": TAGS}),
        made("aws:ec2/flowLog:FlowLog", "vpc-flows", {"vpcId": UNKNOWN, "trafficType": "ALL"}),
        made("aws:ec2/vpcEndpoint:VpcEndpoint", "vpc-s3", {"vpcId": UNKNOWN, "serviceName": "com.amazonaws.eu-west-1.s3"}),
        made("aws:ec2/subnet:Subnet", "subnet", {"mapPublicIpOnLaunch": False, "tags": TAGS}),
        made("aws:ec2/securityGroup:SecurityGroup", "group", {"ingress": [{"cidrBlocks": ["10.0.0.0/8"], "fromPort": 443}], "tags": TAGS}),
        made("gcp:compute/subnetwork:Subnetwork", "nodes", {"region": "europe-west1", "privateIpGoogleAccess": True, "logConfig": {"flowSampling": 0.5}}),
        made("gcp:compute/firewall:Firewall", "allow", {"direction": "INGRESS", "allows": [{"protocol": "tcp"}], "sourceRanges": ["10.0.0.0/8"]}),
        made("aws:lb/listener:Listener", "listener", {"protocol": "HTTPS", "sslPolicy": "ELBSecurityPolicy-TLS13-1-3-2021-06"}),
        made("aws:iam/policy:Policy", "rights", {"policy": json.dumps({"Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"]}]})}),
        made("gcp:projects/iAMMember:IAMMember", "grant", {"role": "roles/storage.objectViewer", "member": "serviceAccount:s@p"}),
        made("aws:iam/role:Role", "role", {"assumeRolePolicy": json.dumps({"Statement": [trust]}), "tags": TAGS}),
        made("gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider", "ci", {"attributeCondition": "assertion.repository == 'a/b'"}),
        made("aws:cloudtrail/trail:Trail", "trail", {"s3BucketName": "backup", "isMultiRegionTrail": True, "includeGlobalServiceEvents": True, "enableLogFileValidation": True, "kmsKeyId": UNKNOWN, "tags": TAGS}),
        made("gcp:projects/iAMAuditConfig:IAMAuditConfig", "audit", {"service": "allServices", "auditLogConfigs": [{"logType": each} for each in ("ADMIN_READ", "DATA_READ", "DATA_WRITE")]}),
        made("gcp:logging/projectSink:ProjectSink", "sink", {"destination": "storage.googleapis.com/archive"}),
        made("aws:cloudwatch/logGroup:LogGroup", "logs", {"retentionInDays": 365, "kmsKeyId": UNKNOWN, "tags": TAGS}),
        made("kubernetes:core/v1:Namespace", "ns-portal", {"metadata": {"name": "portal", "labels": {**K8S, "pod-security.kubernetes.io/enforce": "restricted"}}}),
        made("kubernetes:networking.k8s.io/v1:NetworkPolicy", "net-portal-deny", {"metadata": {"namespace": UNKNOWN}, "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}}),
        made("kubernetes:apps/v1:Deployment", "portal", _pod({"env": [{"name": "MODE", "value": "x"}]})),
        made("kubernetes:apps/v1:StatefulSet", "database", _pod({"command": ["/cockroach"], "args": _NODE}), protect=True),
        made("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", "reader", {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}),
        made("kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding", "binding", {"roleRef": {"name": "reader"}, "subjects": [{"kind": "Group", "name": "support"}]}),
        made("kubernetes:datadoghq.com/v2alpha1:DatadogAgent", "agent", {"metadata": {"labels": K8S}, "spec": {"global": {"site": "datadoghq.eu"}}}),
        made("kubernetes:core/v1:ConfigMap", "config", {"data": {"mode": "x"}}),
        made("meridian:sql:Schema", "schema", {"desired": _schema()}, protect=True),
        made("cloudflare:index/zone:Zone", "zone", {"name": "meridian.example"}, protect=True),
        *(made("cloudflare:index/zoneSetting:ZoneSetting", f"zone-{key}", {"settingId": key, "value": value, "zoneId": UNKNOWN}) for key, value in zone),
        made("cloudflare:index/ruleset:Ruleset", "managed", {"phase": "http_request_firewall_managed", "rules": rule}),
        made("cloudflare:index/ruleset:Ruleset", "rates", {"phase": "http_ratelimit", "rules": rule}),
        made("cloudflare:index/authenticatedOriginPullsSettings:AuthenticatedOriginPullsSettings", "pulls", {"enabled": True}),
        made("cloudflare:index/loadBalancerMonitor:LoadBalancerMonitor", "monitor", {"type": "https", "allowInsecure": False}),
        made("cloudflare:index/loadBalancer:LoadBalancer", "balancer", {"proxied": True}),
        made("cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy", "access", {"decision": "allow", "requires": [{"authMethod": {"authMethod": "mfa"}}]}),
        made("datadog:index/serviceLevelObjective:ServiceLevelObjective", "slo", {"name": "availability"}),
        made("datadog:index/monitor:Monitor", "burn", {"name": "availability burns"}),
    ]  # fmt: skip


def plan_of(found: list[PlannedResource]) -> Plan:
    """Return a plan of these resources, in one unit."""
    return Plan(ENVIRONMENT, "plan", "", {}, {"eu": tuple(found)})
