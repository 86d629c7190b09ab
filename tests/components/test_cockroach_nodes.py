"""The database's part of a cluster: its nodes, their keys, names, services, budget and flows."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from recording import Recorded, Recording, record

from components.cockroach.certificate import Certificate
from components.cockroach.cluster import Database, DatabaseArgs
from meridian.model import Environment, load_environment
from meridian.model.topology import nodes, nodes_of

ROOT = Path(__file__).parents[2]
SET, SECRET = "kubernetes:apps/v1:StatefulSet", "kubernetes:core/v1:Secret"
SECRET_MARK, SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
SERVICE, POLICY = "kubernetes:core/v1:Service", "kubernetes:networking.k8s.io/v1:NetworkPolicy"


@cache
def prod() -> Environment:
    return load_environment(ROOT, "prod")


def build(cluster: str, environment: Environment | None = None, protect: bool = True) -> Recording:
    estate = environment or prod()
    certificates = {
        node.key: Certificate(certificate=f"{node.key} cert", key=f"{node.key} key") for node in nodes(estate)
    }
    args = DatabaseArgs(
        environment=estate,
        cluster=cluster,
        namespace="database",
        service_account="cockroachdb",
        storage_class="database",
        priority_class="database",
        authority="authority",
        certificates=certificates,
        protect=protect,
    )
    return record(
        lambda: dict(Database("db", args).nodes),
        {"random:index/randomBytes:RandomBytes": {"base64": "c2VjcmV0"}},
    )[0]


@cache
def gke() -> Recording:
    return build("prod-eu-gke")


def sets() -> list[Recorded]:
    """Every StatefulSet of the estate."""
    return [made for cluster in prod().clusters() for made in build(cluster).all(SET)]


def container(made: Recorded) -> dict[str, Any]:
    (only,) = made.inputs["spec"]["template"]["spec"]["containers"]
    return dict(only)


def flag(made: Recorded, name: str) -> str:
    (value,) = [arg.split("=", 1)[1] for arg in container(made)["args"] if arg.startswith(f"--{name}=")]
    return value


def hidden(value: dict[str, Any]) -> dict[str, Any]:
    """Return what the engine was given as a secret; fails when it was given in plain text."""
    assert value.get(SECRET_MARK) == SECRET_SIGNATURE, "not a secret"
    return dict(value["value"])


def test_nine_sets_of_one_pod_each_started_in_the_zone_that_its_locality_names() -> None:
    made = sets()
    assert sorted(one.inputs["metadata"]["name"] for one in made) == [node.key for node in sorted(nodes(prod()), key=lambda n: n.key)]  # fmt: skip
    for one in made:
        spec = one.inputs["spec"]
        assert spec["replicas"] == 1
        (term,) = spec["template"]["spec"]["affinity"]["nodeAffinity"][
            "requiredDuringSchedulingIgnoredDuringExecution"
        ]["nodeSelectorTerms"]
        wanted = {rule["key"]: rule["values"] for rule in term["matchExpressions"]}
        zone = flag(one, "locality").split("zone=")[1]
        assert wanted == {"topology.kubernetes.io/zone": [zone], "meridian.dev/pool": ["database"]}


def test_every_node_of_the_estate_joins_the_same_list_and_advertises_its_own_name() -> None:
    made = sets()
    assert len({flag(one, "join") for one in made}) == 1
    for one in made:
        key = one.inputs["metadata"]["name"]
        assert flag(one, "advertise-addr") == f"{key}.db.prod.meridian.internal:26257"


def test_no_two_nodes_share_a_machine_and_only_they_tolerate_its_taint() -> None:
    for one in gke().all(SET):
        pod = one.inputs["spec"]["template"]["spec"]
        (rule,) = pod["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        assert rule["topologyKey"] == "kubernetes.io/hostname"
        assert rule["labelSelector"]["matchLabels"] == {"app.kubernetes.io/name": "cockroachdb"}
        assert pod["tolerations"] == [
            {
                "key": "meridian.dev/database",
                "operator": "Equal",
                "value": "true",
                "effect": "NoSchedule",
            }
        ]


def test_a_change_of_data_never_restarts_a_database_pod_by_itself() -> None:
    assert all(one.inputs["spec"]["updateStrategy"] == {"type": "OnDelete"} for one in sets())


def test_the_pods_meet_pod_security_restricted() -> None:
    for one in sets():
        pod, own = one.inputs["spec"]["template"]["spec"], container(one)
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert own["securityContext"]["allowPrivilegeEscalation"] is False
        assert own["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert own["securityContext"]["readOnlyRootFilesystem"] is True
        allowed = {"configMap", "emptyDir", "projected", "secret"}
        assert all(set(volume) - {"name"} <= allowed for volume in pod["volumes"])
        assert pod["automountServiceAccountToken"] is False


def test_a_key_is_readable_by_the_process_s_own_group_and_nobody_else() -> None:
    pod = gke().all(SET)[0].inputs["spec"]["template"]["spec"]
    context = pod["securityContext"]
    assert context["fsGroup"] == context["runAsGroup"]
    modes = {v["name"]: v["projected"].get("defaultMode") for v in pod["volumes"] if "projected" in v}
    assert modes["certificates"] == modes["keys"] == 0o440


def test_requests_are_limits_so_that_the_memory_rule_holds() -> None:
    resources = container(gke().all(SET)[0])["resources"]
    assert resources["requests"] == resources["limits"]
    assert resources["limits"]["memory"] == "24Gi" and resources["limits"]["cpu"] == "7"


def test_probes_ask_health_over_tls_and_the_pod_has_five_minutes_to_drain() -> None:
    one = gke().all(SET)[0]
    paths = {name: container(one)[name]["httpGet"] for name in ("livenessProbe", "readinessProbe")}
    assert paths["livenessProbe"] == {"path": "/health", "port": "http", "scheme": "HTTPS"}
    assert paths["readinessProbe"]["path"] == "/health?ready=1"
    assert one.inputs["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 300


def test_the_store_is_encrypted_with_a_key_of_the_cluster_s_own_that_is_mounted() -> None:
    one = gke().all(SET)[0]
    value = flag(one, "enterprise-encryption")
    assert value == "path=/cockroach/data,key=/cockroach/keys/1.key,old-key=plain"
    assert set(hidden(gke().one(SECRET, "db-store-keys").inputs["data"])) == {"1.key"}
    drawn = gke().one("random:index/randomBytes:RandomBytes")
    assert drawn.inputs["length"] == 64 and drawn.protect and drawn.retain_on_delete


def test_a_rotated_store_key_keeps_the_one_before_as_the_old_part() -> None:
    data = prod().model_dump(mode="json")
    data["database"]["encryption"] = {"generation": 3}
    recording = build("prod-eu-gke", Environment.model_validate(data))
    assert set(hidden(recording.one(SECRET, "db-store-keys").inputs["data"])) == {"2.key", "3.key"}
    value = flag(recording.all(SET)[0], "enterprise-encryption")
    assert value.endswith("key=/cockroach/keys/3.key,old-key=/cockroach/keys/2.key")


def test_a_node_gets_its_own_certificate_and_no_client_s() -> None:
    for node in nodes_of(prod(), "prod-eu-gke"):
        data = hidden(gke().one(SECRET, f"db-{node.key}-certificate").inputs["stringData"])
        assert data == {
            "ca.crt": "authority",
            "node.crt": f"{node.key} cert",
            "node.key": f"{node.key} key",
        }


def test_the_volume_is_of_the_database_s_class_and_survives_its_set_where_data_is_kept() -> None:
    one = gke().all(SET)[0]
    (claim,) = one.inputs["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["storageClassName"] == "database"
    assert claim["spec"]["resources"]["requests"] == {"storage": "1024Gi"}
    assert one.inputs["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == "Retain"
    assert one.protect
    loose = build("prod-eu-gke", protect=False).all(SET)[0]
    assert loose.inputs["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == "Delete"


def test_a_budget_lets_one_node_of_the_cluster_go_at_a_time() -> None:
    spec = gke().one("kubernetes:policy/v1:PodDisruptionBudget", "db-budget").inputs["spec"]
    assert spec["maxUnavailable"] == 1
    assert spec["selector"]["matchLabels"] == {"app.kubernetes.io/name": "cockroachdb"}


def test_a_node_s_service_has_its_address_before_it_is_ready_and_clients_get_ready_nodes_only() -> None:
    by_name = {made.inputs["metadata"]["name"]: made.inputs["spec"] for made in gke().all(SERVICE)}
    for key in ("eu-1", "eu-2", "cockroachdb"):
        assert by_name[key]["clusterIP"] == "None" and by_name[key]["publishNotReadyAddresses"] is True
    assert "publishNotReadyAddresses" not in by_name["cockroachdb-public"]


def test_audit_channels_block_when_they_cannot_be_written_and_what_is_shipped_is_redacted() -> None:
    text = gke().one("kubernetes:core/v1:ConfigMap", "db-config").inputs["data"]["logs.yaml"]
    sinks = json.loads(text)["sinks"]
    security = sinks["file-groups"]["security"]
    assert security["auditable"] is True
    assert set(security["channels"]["INFO"]) == {"SESSIONS", "USER_ADMIN", "PRIVILEGES", "SENSITIVE_ACCESS"}
    assert sinks["stderr"]["redact"] is True
    assert set(security["channels"]["INFO"]) <= set(sinks["stderr"]["channels"]["INFO"])
    mounted = flag(gke().all(SET)[0], "log-config-file")
    assert mounted == "/cockroach/config/logs.yaml"


def test_the_nodes_are_open_on_26257_and_8080_for_the_estate_s_pods_and_nothing_else() -> None:
    spec = gke().one(POLICY, "db-flows-nodes").inputs["spec"]
    (rule,) = spec["ingress"]
    assert [(port["protocol"], port["port"]) for port in rule["ports"]] == [("TCP", 26257), ("TCP", 8080)]
    ranges = {peer["ipBlock"]["cidr"] for peer in rule["from"]}
    assert {"10.17.0.0/16", "10.33.0.0/16", "10.49.0.0/16", "10.40.0.0/19"} <= ranges
    assert not any(cidr in ranges for cidr in ("0.0.0.0/0", "10.40.0.0/16", "10.32.0.0/20"))
    assert set(spec["policyTypes"]) == {"Ingress", "Egress"}


def test_a_node_asks_its_own_cluster_s_resolver_and_that_one_the_other_clusters() -> None:
    pod = gke().all(SET)[0].inputs["spec"]["template"]["spec"]
    assert pod["dnsPolicy"] == "None" and pod["dnsConfig"]["nameservers"] == ["10.32.16.53"]
    assert gke().one(SERVICE, "db-resolver-cluster").inputs["spec"]["clusterIP"] == "10.32.16.53"
    text = gke().one("kubernetes:core/v1:ConfigMap", "db-resolver-config").inputs["data"]["Corefile"]
    assert "rewrite stop name exact eu-1.db.prod.meridian.internal. eu-1.database.svc.cluster.local." in text
    assert "eu-3.db.prod.meridian.internal:1053" in text
    assert "forward . 10.40.31.246 10.40.63.246 10.40.95.246 {" in text
    blocks = [line for line in text.splitlines() if line.endswith(":1053 {")]
    assert len(blocks) == 9 + 1


@pytest.mark.parametrize(
    ("cluster", "annotation", "address"),
    [
        ("prod-eu-gke", "networking.gke.io/load-balancer-type", "10.32.15.246"),
        (
            "prod-eu-eks",
            "service.beta.kubernetes.io/aws-load-balancer-private-ipv4-addresses",
            "10.40.31.246",
        ),
    ],
)
def test_the_other_clusters_reach_the_resolver_at_fixed_inner_addresses(
    cluster: str, annotation: str, address: str
) -> None:
    made = build(cluster).one(SERVICE, "db-resolver-inner").inputs
    assert annotation in made["metadata"]["annotations"]
    assert address in json.dumps(made)
    assert [(port["protocol"], port["port"]) for port in made["spec"]["ports"]] == [("TCP", 53)]


def test_nothing_is_made_outside_the_component() -> None:
    children = [made for made in gke().resources if made.custom]
    assert children and all("meridian:cockroach:Database" in made.parent for made in children)
