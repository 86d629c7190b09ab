"""Each case changes the valid production estate once; it must be refused there, for that reason, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from meridian.model import ModelErrors, load_environment

Mutate = Callable[..., Path]


class Mutant(NamedTuple):
    """One change, and what the message must say of it."""

    file: str
    path: str
    value: object
    told_at: str
    rule: str


E, U, EU, A, T = "estate.yaml", "us.yaml", "eu.yaml", "asia.yaml", "tables.yaml"
G, W = "gcp.network", "aws.network"
P, QUOTA = "platform", {"pods": 1, "cpu": 1, "memory_gib": 1}
MUTANTS = [
    # structure
    Mutant(E, "ownr", "me", "ownr", "no such setting"),
    Mutant(E, "owner", ..., "owner", "required"),
    Mutant(E, "owner", "Platform Team", "owner", "match"),
    Mutant(E, "environment", "production", "environment", "named as its folder"),
    Mutant(E, "regions", {}, "regions", "holds no region"),
    Mutant(
        EU,
        "gcp.cluster.pools.standard.machine_typ",
        "n1",
        "regions.eu.gcp.cluster.pools.standard.machine_typ",
        "no such setting",
    ),
    Mutant(EU, "residency", "mars", "regions.eu.residency", "'us', 'eu', 'asia' or 'other'"),
    Mutant(EU, "gcp", ..., "regions.eu.gcp", "required"),
    Mutant(EU, "gcp.zones", ["europe-west1-b"], "regions.eu.gcp.zones", "at least 3"),
    Mutant(E, "gcp.project", "X", "gcp.project", "match"),
    Mutant(E, "gcp.billing_account", "123", "gcp.billing_account", "match"),
    Mutant(E, "aws.account_id", "12", "aws.account_id", "match"),
    Mutant(E, "ci.repository", "nothing", "ci.repository", "match"),
    Mutant(E, "compliance.frameworks", ["pci"], "compliance.frameworks[0]", "'soc2', 'hipaa' or 'gdpr'"),
    Mutant(E, "compliance.key_rotation_days", 0, "compliance.key_rotation_days", "greater than or equal"),
    Mutant(E, "compliance.drill_days", 0, "compliance.drill_days", "greater than or equal"),
    Mutant(E, "compliance.drill_days", 700, "compliance.drill_days", "less than or equal"),
    Mutant(E, "compliance.key_rotation_days", 9999, "compliance.key_rotation_days", "less than or equal"),
    Mutant(
        E,
        "compliance.log_archive.retention_days",
        30,
        "compliance.log_archive.retention_days",
        "greater than or equal",
    ),
    Mutant(E, "database.replication_factor", 4, "database.replication_factor", "3, 5 or 7"),
    Mutant(E, "database.form", "sharded", "database.form", "'partition-by-list' or 'regional-by-row'"),
    Mutant(E, "database.max_offset_ms", 1000, "database.max_offset_ms", "less than or equal"),
    Mutant(E, "budget.notify", ["nobody"], "budget.notify[0]", "match"),
    Mutant(E, "budget.notify", [], "budget.notify", "at least 1"),
    Mutant(E, "edge.zone", "not a name", "edge.zone", "match"),
    Mutant(E, "edge.monitor.interval", 5, "edge.monitor.interval", "greater than or equal"),
    Mutant(U, "gcp.cluster.name", "Prod_US", "regions.us.gcp.cluster.name", "match"),
    Mutant(U, "gcp.cluster.version", "latest", "regions.us.gcp.cluster.version", "match"),
    Mutant(U, "gcp.cluster.maintenance.start", "25:00", "regions.us.gcp.cluster.maintenance.start", "match"),
    Mutant(U, "backup.retention_days", 1, "regions.us.backup.retention_days", "greater than or equal"),
    # places
    Mutant(EU, "key", "europe", "regions.eu.key", "file's name"),
    Mutant(EU, "gcp.region", "europe-west99", "regions.eu.gcp.region", "no such region"),
    Mutant(EU, "aws.region", "us-west-2", "regions.eu.aws.region", "must stay in eu"),
    Mutant(EU, "gcp.zones.0", "europe-west1-a", "regions.eu.gcp.zones[0]", "no such zone"),
    Mutant(EU, "aws.zones.2", "eu-west-1b", "regions.eu.aws.zones[2]", "listed twice"),
    Mutant(EU, "aws.role", "primary", "regions.eu.aws.role", "both sites are primary"),
    # addresses
    Mutant(U, f"{G}.nodes", "10.32.0.0/20", "regions.us.gcp.network.nodes", "overlaps"),
    Mutant(EU, f"{G}.pods", "10.32.0.0/16", "regions.eu.gcp.network.pods", "overlaps"),
    Mutant(EU, f"{G}.nodes", "10.32.0.1/20", "regions.eu.gcp.network.nodes", "host bits"),
    Mutant(EU, f"{G}.nodes", "nonsense", "regions.eu.gcp.network.nodes", "prefix length"),
    Mutant(EU, f"{G}.nodes", "8.8.0.0/20", "regions.eu.gcp.network.nodes", "not private"),
    Mutant(EU, f"{W}.services", "172.17.0.0/20", "regions.eu.aws.network.services", "bridge"),
    Mutant(EU, f"{G}.control_plane", "10.32.32.0/27", "regions.eu.gcp.network.control_plane", "is a /28"),
    Mutant(EU, f"{G}.services", "10.32.16.0/28", "regions.eu.gcp.network.services", "between /12 and /24"),
    Mutant(EU, f"{W}.private.0", "10.50.0.0/19", "regions.eu.aws.network.private[0]", "not inside the VPC"),
    Mutant(EU, f"{W}.public.0", "10.40.0.0/24", "regions.eu.aws.network.public[0]", "overlaps"),
    Mutant(U, f"{W}.asn", 64515, "regions.us.aws.network.asn", "has this number already"),
    Mutant(EU, f"{W}.asn", 15169, "regions.eu.aws.network.asn", "greater than or equal"),
    # clusters
    Mutant(EU, "gcp.cluster.name", "prod-us-gke", "regions.us.gcp.cluster.name", "has this name already"),
    Mutant(
        EU,
        "gcp.cluster.pools.standard.min_nodes",
        51,
        "regions.eu.gcp.cluster.pools.standard.min_nodes",
        "above max_nodes",
    ),
    Mutant(
        EU,
        "gcp.cluster.pools.standard.machine_type",
        "m5.2xlarge",
        "regions.eu.gcp.cluster.pools.standard.machine_type",
        "of aws, not of gcp",
    ),
    Mutant(
        EU,
        "aws.cluster.pools.standard.machine_type",
        "m99.huge",
        "regions.eu.aws.cluster.pools.standard.machine_type",
        "no such machine type",
    ),
    Mutant(EU, "gcp.cluster.pools.standard.max_nodes", 500, "regions.eu.gcp.network.pods", "may grow to 503"),
    Mutant(EU, "aws.cluster.pools.standard.max_nodes", 900, "regions.eu.aws.network.private", "need"),
    Mutant(EU, "gcp.cluster.pools.database", ..., "regions.eu.gcp.cluster.pools", "are placed on gcp"),
    Mutant(
        EU,
        "gcp.cluster.pools.database.taints",
        [],
        "regions.eu.gcp.cluster.pools.database.taints",
        "carry the taint",
    ),
    Mutant(
        EU,
        "gcp.cluster.pools.database.machine_type",
        "n1-standard-4",
        "regions.eu.gcp.cluster.pools.database.machine_type",
        "asks for",
    ),
    Mutant(EU, "aws.cluster.maintenance.day", "SA", "regions.eu.aws.cluster.maintenance.day", "same day"),
    Mutant(EU, "aws.cluster.version", "1.33", "regions.eu.aws.cluster.version", "runs 1.34"),
    # the database
    Mutant(E, "database.nodes", 10, "database.nodes", "place 9 nodes"),
    Mutant(
        EU,
        "database.eu-1.zone",
        "us-central1-a",
        "regions.eu.database.eu-1.zone",
        "no zone of this region's gcp site",
    ),
    Mutant(E, "database.replication_factor", 5, "regions.us.database", "need 5 nodes"),
    Mutant(
        E,
        "database.partitions.eu.constraint",
        "europe",
        "database.partitions.eu.constraint",
        "spelled the same",
    ),
    Mutant(
        E, "database.partitions.eu.constraint", "us", "database.partitions.eu.constraint", "would lie in us"
    ),
    Mutant(E, "database.storage_gib", 9000, "database.storage_gib", "320 GiB"),
    Mutant(
        EU,
        "database.eu-2.zone",
        "europe-west1-b",
        "regions.eu.database.eu-1.zone",
        "most of the region's nodes",
    ),
    Mutant(
        EU,
        "aws.cluster.pools.database.machine_type",
        "t3.2xlarge",
        "regions.eu.aws.cluster.pools.database.machine_type",
        "is burstable",
    ),
    Mutant(
        EU,
        "gcp.cluster.pools.database.machine_type",
        "n1-standard-8",
        "regions.eu.gcp.cluster.pools.database.machine_type",
        "at least 8 vCPU and 4 GiB",
    ),
    Mutant(E, "database.memory_gib", 16, "database.memory_gib", "below 3 GiB for each"),
    Mutant(E, "database.memory_gib", 28, "regions.us.gcp.cluster.pools.database.machine_type", "asks for"),
    Mutant(E, "database.cache_mib", 8192, "database.cache_mib", "above 80 %"),
    Mutant(E, "database.sql_memory_mib", 8192, "database.sql_memory_mib", "above 80 %"),
    Mutant(E, "database.volume.iops", 3000, "database.volume.iops", "below 500 for each"),
    Mutant(E, "database.volume.throughput_mib", 125, "database.volume.throughput_mib", "below 30 for each"),
    Mutant(E, "database.volume.throughput_mib", 900, "database.volume", "delivers at most"),
    Mutant(E, "database.volume.iops", 20000, "database.volume", "delivers at most 16000"),
    Mutant(
        EU,
        "database",
        {"eu-1": {"cloud": "gcp", "zone": "europe-west1-b"}},
        "regions.eu.database",
        "join list",
    ),
    Mutant(E, "database.image.tag", "latest", "database.image.tag", "match"),
    Mutant(E, "database.image.digest", "sha256:12", "database.image.digest", "match"),
    Mutant(E, "database.certificates.signing", 2, "database.certificates.signing", "not among the trusted"),
    Mutant(E, "database.certificates.trusted", [1, 3], "database.certificates.trusted", "the one after it"),
    Mutant(E, "database.certificates.trusted", [], "database.certificates.trusted", "at least 1"),
    Mutant(E, "database.certificates.renew_days", 90, "database.certificates.renew_days", "would sign anew"),
    Mutant(
        E,
        "database.certificates.clients",
        {"app": "app"},
        "database.certificates.clients",
        "root initialises",
    ),
    Mutant(
        E,
        "database.certificates.clients",
        {"root": "root", "x": "node"},
        "database.certificates.clients.x",
        "would be a node",
    ),
    Mutant(E, "tables", {}, "tables", "the same in all environments"),
    Mutant(
        E,
        "database.partitions.eu.lease_preferences",
        ["cloud=azure"],
        "database.partitions.eu.lease_preferences[0]",
        "no node of region=eu",
    ),
    Mutant(
        E,
        "database.partitions.eu.lease_preferences",
        ["EU"],
        "database.partitions.eu.lease_preferences[0]",
        "match",
    ),
    Mutant(E, "database.primary_region", "mars", "database.primary_region", "no node is started"),
    Mutant(
        E,
        "database.super_regions.eu",
        ["eu", "us"],
        "database.super_regions.eu[1]",
        "copied from one to the other",
    ),
    Mutant(E, "database.super_regions.eu", ..., "database.super_regions", "copied to every region"),
    Mutant(E, "database.survival", "region", "database.super_regions.eu", "needs 3 regions inside"),
    Mutant(E, "database.pitr_days", 36, "database.pitr_days", "keeps backups for 35 days"),
    Mutant(
        E,
        "database.certificates.clients",
        {"x": "nobody"},
        "database.certificates.clients.x",
        "no role of this name logs in",
    ),
    Mutant(
        E,
        "database.certificates.clients.auditor",
        ...,
        "database.certificates.clients",
        "they could not sign in",
    ),
    # the schema
    Mutant(
        T,
        "tables.users.columns.email.type",
        "varchar",
        "tables.tables.users.columns.email.type",
        "'region', 'uuid'",
    ),
    Mutant(
        T,
        "tables.users.primary_key",
        ["id", "region"],
        "tables.tables.users.primary_key",
        "prefix the primary key",
    ),
    Mutant(
        T,
        "tables.users.unique.users_email_key.columns",
        ["email"],
        "tables.tables.users.unique.users_email_key.columns",
        "cannot be partitioned",
    ),
    Mutant(
        T,
        "tables.users.unique.users_email_key.columns",
        ["region", "mail"],
        "tables.tables.users.unique.users_email_key.columns",
        "no such column",
    ),
    Mutant(
        T,
        "tables.users.columns.region.nullable",
        True,
        "tables.tables.users.columns.region.nullable",
        "in no partition",
    ),
    Mutant(T, "tables.users.columns.region", ..., "tables.tables.users.columns", "no column of type region"),
    Mutant(
        T, "tables.users.placement", "everywhere", "tables.tables.users.placement", "copied to every region"
    ),
    Mutant(
        T, "tables.users.policies", {}, "tables.tables.users.policies", "without a row-level security policy"
    ),
    Mutant(T, "tables.users.basis", "none", "tables.tables.users.basis", "lawful basis"),
    Mutant(T, "tables.users.subject", ..., "tables.tables.users.subject", "nobody could export or erase"),
    Mutant(T, "tables.users.audit", False, "tables.tables.users.audit", "is logged"),
    Mutant(
        T, "tables.users.grants.stranger", ["SELECT"], "tables.tables.users.grants.stranger", "no such role"
    ),
    Mutant(
        T,
        "tables.users.grants.auditor",
        ["SELECT"],
        "tables.tables.users.grants.auditor",
        "no policy lets this role",
    ),
    Mutant(
        T,
        "tables.users.policies.users_own.roles",
        ["stranger"],
        "tables.tables.users.policies.users_own.roles",
        "no such role",
    ),
    Mutant(
        T,
        "tables.sessions.columns.token_hash.export",
        True,
        "tables.tables.sessions.columns.token_hash.export",
        "never exported",
    ),
    Mutant(
        T,
        "tables.sessions.columns.address.nullable",
        False,
        "tables.tables.sessions.columns.address.erase",
        "only a nullable column",
    ),
    Mutant(
        T, "tables.sessions.retention.column", "user_id", "tables.tables.sessions.retention.column", "is uuid"
    ),
    Mutant(
        T,
        "tables.identities.foreign_keys.identities_user_fkey.table",
        "people",
        "tables.tables.identities.foreign_keys.identities_user_fkey.table",
        "does not come before",
    ),
    Mutant(
        T,
        "tables.identities.foreign_keys.identities_user_fkey.references",
        ["region", "email", "id"],
        "tables.tables.identities.foreign_keys.identities_user_fkey.references",
        "is no key of users",
    ),
    Mutant(
        T,
        "tables.identities.foreign_keys.identities_user_fkey.columns",
        ["user_id"],
        "tables.tables.identities.foreign_keys.identities_user_fkey.columns",
        "lie elsewhere",
    ),
    Mutant(
        T, "tables.audit.grants.app", ["INSERT", "DELETE"], "tables.tables.audit.grants.app", "append-only"
    ),
    Mutant(T, "roles.app.owner", True, "tables.roles", "exactly one role owns"),
    Mutant(T, "roles.meridian_owner.login", True, "tables.roles", "exactly one role owns"),
    Mutant(T, "countries.us", ["US", "FR"], "tables.countries.us[1]", "the GDPR is law there"),
    Mutant(T, "countries.us", ["US", "US"], "tables.countries.us[1]", "lists it already"),
    Mutant(T, "countries.eu", ["DE"], "tables.countries", "in no list"),
    Mutant(T, "countries.asia", ..., "tables.countries", "the partitions are"),
    Mutant(T, "backups", {"gc_hours": 1}, "tables.backups.gc_hours", "gone before the next"),
    Mutant(
        E,
        "platform.namespaces.database.quota.load_balancers",
        0,
        "platform.namespaces.database.quota.load_balancers",
        "inner load balancer",
    ),
    Mutant(
        E,
        "platform.namespaces.database.quota.pods",
        4,
        "platform.namespaces.database.quota.pods",
        "the resolver of their names",
    ),
    Mutant(E, "platform.identities.backups", ..., "platform.identities", "have no service account"),
    Mutant(E, "platform.identities.backups.access", "secrets", "platform.identities", "takes backups"),
    Mutant(
        EU,
        "gcp.cluster.maintenance.start",
        "05:00",
        "regions.us.gcp.cluster.maintenance",
        "prod-eu-gke holds database nodes too",
    ),
    # money and the edge
    Mutant(E, "budget.floor_usd", 150000, "budget.floor_usd", "not below ceiling_usd"),
    Mutant(E, "budget.alert_at", [0.9, 0.5], "budget.alert_at", "rise"),
    Mutant(E, "budget.alert_at", [1.5], "budget.alert_at", "after the budget is spent"),
    Mutant(E, "edge.fallback.eu", ["us"], "edge.fallback.eu[0]", "would send EU traffic to us"),
    Mutant(E, "edge.fallback.us", [], "edge.fallback.us", "needs one that takes over"),
    Mutant(E, "edge.fallback.us", ["us"], "edge.fallback.us[0]", "from itself"),
    Mutant(E, "edge.fallback.us", ["mars"], "edge.fallback.us[0]", "no such region"),
    Mutant(E, "edge.fallback.us", ["asia", "asia"], "edge.fallback.us[1]", "listed twice"),
    Mutant(E, "edge.fallback.asia", ..., "edge.fallback", "no entry"),
    Mutant(E, "edge.fallback.mars", ["us"], "edge.fallback.mars", "no such region"),
    Mutant(E, "edge.hostname", "app.elsewhere.example", "edge.hostname", "does not lie in the zone"),
    Mutant(E, "edge.eu_hostname", "app.meridian.example", "edge.eu_hostname", "its own"),
    Mutant(E, "edge.monitor.interval", 60, "edge.monitor", "is above failover_seconds 60"),
    Mutant(E, "edge.monitor.consecutive_down", 5, "edge.monitor", "is above failover_seconds 60"),
    Mutant(E, "edge.monitor.timeout", 9, "edge.monitor.timeout", "longer than the interval 10"),
    Mutant(E, "edge.plan", "business", "edge.monitor.interval", "checks every 15 s at most"),
    Mutant(E, "edge.plan", "business", "edge.plan", "Regional Services"),
    Mutant(E, "edge.plan", "free", "edge.plan", "'business' or 'enterprise'"),
    Mutant(E, "edge.account_id", "mine", "edge.account_id", "match"),
    Mutant(E, "edge.zone_id", "mine", "edge.zone_id", "match"),
    Mutant(E, "edge.codes.asia.0", "NEAZ", "edge.codes.asia[0]", "no such region code"),
    Mutant(E, "edge.codes.asia.0", "ENAM", "edge.codes.asia[0]", "serves it already"),
    Mutant(E, "edge.codes.asia", ["NEAS", "SEAS", "SAS"], "edge.codes", "no region serves it"),
    Mutant(E, "edge.codes.mars", ["OC"], "edge.codes.mars", "no such region"),
    Mutant(E, "edge.codes.us.0", "WEU", "edge.codes.us[0]", "outside the EU"),
    Mutant(E, "edge.countries", {"DE": "us"}, "edge.countries.DE", "sent abroad"),
    Mutant(E, "edge.countries", {"CY": "asia"}, "edge.countries.CY", "sent abroad"),
    Mutant(E, "edge.countries", {"ZZ": "us"}, "edge.countries.ZZ", "no such country"),
    Mutant(E, "edge.countries", {"TR": "mars"}, "edge.countries.TR", "no such region"),
    Mutant(E, "edge.eu_regions", ["eu", "us"], "edge.eu_regions[1]", "would be served from us"),
    Mutant(E, "edge.eu_regions", ["eu", "eu"], "edge.eu_regions[1]", "listed twice"),
    Mutant(E, "edge.eu_regions", [], "edge.eu_regions", "at least 1"),
    Mutant(E, "edge.last_resort", "us", "edge.last_resort", "one for all visitors"),
    Mutant(E, "edge.last_resort", "mars", "edge.last_resort", "no such region"),
    Mutant(E, "edge.logs.destinations", {"eu": "us"}, "edge.logs.destinations.eu", "outside the EU"),
    Mutant(
        E, "edge.access.tools.database.region", "mars", "edge.access.tools.database.region", "no such region"
    ),
    Mutant(E, "edge.logs.destinations", {"us": "mars"}, "edge.logs.destinations.us", "no such region"),
    Mutant(E, "edge.access.tools.database.groups", [], "edge.access.tools.database.groups", "at least 1"),
    Mutant(
        E,
        "edge.access.tools.database.hostname",
        "db.elsewhere.example",
        "edge.access.tools.database.hostname",
        "does not lie in the zone",
    ),
    Mutant(
        E,
        "edge.access.tools.database.hostname",
        "app.meridian.example",
        "edge.access.tools.database.hostname",
        "has this host name already",
    ),
    Mutant(E, "edge.records.www.proxied", True, "edge.records.www.proxied", "Netlify advises"),
    Mutant(E, "edge.records.www.priority", 10, "edge.records.www.priority", "MX record"),
    # the public page
    Mutant(E, "edge.frontend.site", "Not_A_Site", "edge.frontend.site", "match"),
    Mutant(
        E, "edge.frontend.site", "another-site", "edge.records.www.value", "does not lead to the frontend"
    ),
    Mutant(
        E, "edge.frontend.hostname", "www.elsewhere.example", "edge.frontend.hostname", "not lie in the zone"
    ),
    Mutant(E, "edge.frontend.hostname", "web.meridian.example", "edge.frontend.hostname", "no CNAME"),
    Mutant(
        E, "edge.frontend.hostname", "app.meridian.example", "edge.frontend.hostname", "has this host name"
    ),
    Mutant(
        E, "edge.frontend.aliases", ["www.meridian.example"], "edge.frontend.aliases[0]", "has this host name"
    ),
    Mutant(E, "edge.frontend.folder", "../secrets", "edge.frontend.folder", "match"),
    Mutant(E, "edge.frontend.csp.script-scr", ["'self'"], "edge.frontend.csp.script-scr", "'default-src'"),
    Mutant(E, "edge.frontend.csp.default-src", ["'self'"], "edge.frontend.csp.default-src", "must be closed"),
    Mutant(E, "edge.frontend.csp.base-uri", ..., "edge.frontend.csp", "base-uri must be closed"),
    Mutant(
        E, "edge.frontend.csp.script-src", ["'unsafe-inline'"], "edge.frontend.csp.script-src[0]", "injected"
    ),
    Mutant(E, "edge.frontend.csp.img-src", ["https:"], "edge.frontend.csp.img-src[0]", "lets anybody in"),
    Mutant(
        E,
        "edge.frontend.csp.connect-src.1",
        "https://tracker.example",
        "edge.frontend.csp.connect-src[1]",
        "no third party",
    ),
    Mutant(E, "edge.protection.tls.caa", ["letsencrypt.org"], "edge.protection.tls.caa", "own authority"),
    Mutant(E, "edge.protection.tls.minimum", "1.0", "edge.protection.tls.minimum", "'1.2' or '1.3'"),
    Mutant(E, "edge.protection.tls.hsts_seconds", 3600, "edge.protection.tls.hsts_seconds", "preload list"),
    Mutant(
        E,
        "edge.protection.rate_limits.privacy.period",
        61,
        "edge.protection.rate_limits.privacy.period",
        "10, 60, 120",
    ),
    # the platform
    Mutant(
        E, f"{P}.namespaces.datadog.reason", ..., f"{P}.namespaces.datadog.pod_security", "needs a reason"
    ),
    Mutant(
        E,
        f"{P}.namespaces.portal.reason",
        "because it has always been so here",
        f"{P}.namespaces.portal.reason",
        "there is none",
    ),
    Mutant(E, f"{P}.namespaces.datadog.reason", "just so", f"{P}.namespaces.datadog.reason", "at least 20"),
    Mutant(E, f"{P}.namespaces.kube-extra", {"quota": QUOTA}, f"{P}.namespaces.kube-extra", "keep this name"),
    Mutant(E, f"{P}.namespaces.database", ..., f"{P}.namespaces", "database has no namespace"),
    Mutant(
        E,
        f"{P}.flows.ingress-to-portal.target",
        "website",
        f"{P}.flows.ingress-to-portal.target",
        "no such namespace",
    ),
    Mutant(
        E,
        f"{P}.flows.ingress-to-portal.target",
        "@everywhere",
        f"{P}.flows.ingress-to-portal.target",
        "match",
    ),
    Mutant(
        E,
        f"{P}.flows.visitors-to-ingress.target",
        "@control-plane",
        f"{P}.flows.visitors-to-ingress.source",
        "outside the cluster",
    ),
    Mutant(
        E,
        f"{P}.flows.ingress-to-portal.source",
        "@cloud-identity",
        f"{P}.flows.ingress-to-portal.source",
        "asked and never asks",
    ),
    Mutant(E, f"{P}.flows.ingress-to-portal.ports", [], f"{P}.flows.ingress-to-portal.ports", "at least 1"),
    Mutant(E, f"{P}.flows.ingress-to-portal.ports", [0], f"{P}.flows.ingress-to-portal.ports[0]", "greater"),
    Mutant(
        E,
        f"{P}.access.break_glass.group",
        "estate-viewers@meridian.example",
        f"{P}.access.break_glass.group",
        "group of viewer too",
    ),
    Mutant(E, f"{P}.access.break_glass.pages", [], f"{P}.access.break_glass.pages", "at least 1"),
    Mutant(E, f"{P}.access.viewer.group", "everybody", f"{P}.access.viewer.group", "match"),
    Mutant(E, f"{P}.storage_classes.ssd.default", False, f"{P}.storage_classes", "exactly one class"),
    Mutant(E, f"{P}.storage_classes.database", ..., f"{P}.storage_classes", "no storage class"),
    Mutant(
        E, f"{P}.storage_classes.database.key", "disks", f"{P}.storage_classes.database.key", "of their own"
    ),
    Mutant(E, f"{P}.storage_classes.database.retain", False, f"{P}.storage_classes.database.retain", "along"),
    Mutant(
        E,
        f"{P}.priority_classes.portal.value",
        1000000,
        f"{P}.priority_classes.portal.value",
        "has this value",
    ),
    Mutant(
        E,
        f"{P}.identities.portal.namespace",
        "website",
        f"{P}.identities.portal.namespace",
        "no such namespace",
    ),
    Mutant(
        E,
        f"{P}.identities.portal",
        {"namespace": "database", "service_account": "cockroachdb", "access": "field-encryption"},
        f"{P}.identities.portal.service_account",
        "is bound to this",
    ),
    Mutant(E, f"{P}.datadog.sites.eu", "datadoghq.com", f"{P}.datadog.sites.eu", "must stay in eu"),
    Mutant(E, f"{P}.datadog.sites.asia", ..., f"{P}.datadog.sites", "have no site"),
    Mutant(E, f"{P}.portal.image", "portal", f"{P}.portal.image", "match"),
    Mutant(E, f"{P}.portal.min_replicas", 100, f"{P}.portal.min_replicas", "above max_replicas"),
    Mutant(E, f"{P}.portal.max_replicas", 300, f"{P}.namespaces.portal.quota.cpu", "at its largest"),
    Mutant(E, f"{P}.namespaces.portal.quota.cpu", 5000, f"{P}.namespaces", "together exceed"),
    Mutant(
        E,
        f"{P}.namespaces.database.quota.storage_gib",
        100,
        f"{P}.namespaces.database.quota.storage_gib",
        "need 2048",
    ),
    Mutant(
        E,
        f"{P}.namespaces.database.containers.max_cpu",
        4,
        f"{P}.namespaces.database.containers",
        "asks for",
    ),
    Mutant(
        E,
        f"{P}.namespaces.datadog.quota.pods",
        20,
        f"{P}.namespaces.datadog.quota.pods",
        "an agent each",
    ),
]


def identify(mutant: Mutant) -> str:
    """Return a readable test id."""
    return f"{mutant.file}:{mutant.path}={mutant.value!r}".replace("Ellipsis", "(deleted)")[:70]


@pytest.mark.parametrize("mutant", MUTANTS, ids=identify)
def test_one_wrong_value_is_refused_with_its_place_rule_and_fix(mutate: Mutate, mutant: Mutant) -> None:
    checkout = mutate(mutant.file, mutant.path, mutant.value)
    with pytest.raises(ModelErrors) as caught:
        load_environment(checkout, "prod")
    told = [problem for problem in caught.value.problems if mutant.rule in problem.rule]
    assert told, f"no message says {mutant.rule!r}:\n{caught.value}"
    assert mutant.told_at in {str(problem).split(": ")[1].split(" = ")[0] for problem in told}
    assert all(problem.fix and problem.line >= 1 and problem.column >= 1 for problem in told)


def test_the_estates_of_this_repository_are_valid() -> None:
    root = Path(__file__).parents[2]
    for name in ("prod", "staging", "local"):
        environment = load_environment(root, name)
        assert len(environment.clusters()) == 6
        assert sum(len(region.database) for region in environment.regions.values()) == 9
