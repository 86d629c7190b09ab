"""The embedded Cloudflare over the provider protocol: ids, computed outputs, and what the API refuses."""

import re
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2 as pb

from meridian.local import drift
from meridian.local.clouds.cloudflare_balancing import REGIONS
from meridian.local.faults import Fault
from meridian.model.edge import PLANS
from meridian.model.edge_geography import CODES
from meridian.protocol.values import Secret, decode, encode

ACCOUNT = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
OTHER = "ffffffffffffffffffffffffffffffff"
ZONE, RECORD = "cloudflare:index/zone:Zone", "cloudflare:index/dnsRecord:DnsRecord"
SETTING = "cloudflare:index/zoneSetting:ZoneSetting"
MONITOR = "cloudflare:index/loadBalancerMonitor:LoadBalancerMonitor"
POOL = "cloudflare:index/loadBalancerPool:LoadBalancerPool"
BALANCER = "cloudflare:index/loadBalancer:LoadBalancer"
RULESET = "cloudflare:index/ruleset:Ruleset"
PACK = "cloudflare:index/certificatePack:CertificatePack"
REGIONAL = "cloudflare:index/regionalHostname:RegionalHostname"
SUBSCRIPTION = "cloudflare:index/zoneSubscription:ZoneSubscription"
CHALLENGE = "cloudflare:index/logpushOwnershipChallenge:LogpushOwnershipChallenge"
JOB = "cloudflare:index/logpushJob:LogpushJob"
IDENTITY = "cloudflare:index/zeroTrustAccessIdentityProvider:ZeroTrustAccessIdentityProvider"
POLICY = "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy"
APPLICATION = "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication"


class Account:
    """One account with a zone, and short ways to make things in it."""

    def __init__(self, provider: Any) -> None:
        self.provider = provider
        self.zone, self.outputs = provider.create(
            ZONE, "zone", {"account": {"id": ACCOUNT}, "name": "meridian.example"}
        )

    def monitor(self, name: str = "monitor", **changes: Any) -> str:
        inputs = {
            "accountId": ACCOUNT,
            "type": "https",
            "interval": 10,
            "timeout": 5,
            "retries": 1,
            "expectedCodes": "200",
        }
        return str(self.provider.create(MONITOR, name, {**inputs, **changes})[0])

    def pool(self, name: str = "pool", **changes: Any) -> str:
        origin = {"name": f"{name}-gke", "address": f"{name}.origin.meridian.example"}
        inputs = {"accountId": ACCOUNT, "name": name, "origins": [origin]}
        return str(self.provider.create(POOL, name, {**inputs, **changes})[0])

    def balancer(self, pool: str, **changes: Any) -> str:
        inputs = {
            "zoneId": self.zone,
            "name": "app.meridian.example",
            "defaultPools": [pool],
            "fallbackPool": pool,
            "steeringPolicy": "geo",
            "proxied": True,
        }
        return str(self.provider.create(BALANCER, "app", {**inputs, **changes})[0])

    def make(self, token: str, label: str = "it", /, **inputs: Any) -> str:
        return str(self.provider.create(token, label, {"zoneId": self.zone, **inputs})[0])


@pytest.fixture
def account(clouds: Any) -> Account:
    return Account(clouds.instance("cloudflare"))


def refused(call: Any, code: str, *words: str) -> None:
    with pytest.raises(grpc.RpcError) as error:
        call()
    said = error.value.details()
    assert f": {code}: " in said, said
    for word in words:
        assert word in said, said


def test_the_models_codes_and_intervals_are_those_of_the_api() -> None:
    assert set(CODES) == REGIONS
    assert {name: plan.least_interval for name, plan in PLANS.items()} == {"business": 15, "enterprise": 10}


def test_ids_have_their_real_shape(account: Account) -> None:
    assert re.fullmatch("[0-9a-f]{32}", account.zone)
    pool = account.pool(monitor=account.monitor())
    assert re.fullmatch("[0-9a-f]{32}", pool)
    assert re.fullmatch("[0-9a-f]{32}", account.balancer(pool))
    assert account.make(REGIONAL, hostname="eu.meridian.example", regionKey="eu") == "eu.meridian.example"
    assert account.make(SETTING, settingId="ssl", value="strict") == f"{account.zone}/ssl"
    assert account.make("cloudflare:index/tieredCache:TieredCache", value="on") == account.zone


def test_a_zone_and_dnssec_tell_what_the_registrar_needs(account: Account) -> None:
    assert account.outputs["nameServers"] == ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"]
    assert account.outputs["status"] == "active"
    _, outputs = account.provider.create(
        "cloudflare:index/zoneDnssec:ZoneDnssec", "d", {"zoneId": account.zone, "status": "active"}
    )
    assert re.fullmatch(r"\d+ 13 2 [0-9A-F]{64}", outputs["ds"])


def test_a_load_balancer_is_kept_as_it_was_given(account: Account, clouds: Any) -> None:
    pool = account.pool()
    account.balancer(
        pool,
        regionPools={"WEU": [pool]},
        countryPools={"DE": [pool]},
        adaptiveRouting={"failoverAcrossPools": True},
    )
    (record,) = [each for each in clouds.inventory.all() if each.token == BALANCER]
    assert record.inputs["regionPools"] == {"WEU": [pool]}
    assert record.inputs["adaptiveRouting"] == {"failoverAcrossPools": True}
    assert record.outputs["zoneName"] == "meridian.example"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"interval": 5}, "interval is not in range [10, 3600]: validation failed"),
        ({"timeout": 11}, "timeout is not in range [1, 10]"),
        ({"interval": 10, "timeout": 10}, "timeout 10 must be less than interval 10"),
        ({"retries": 6}, "retries is not in range [0, 5]"),
        ({"type": "gopher"}, "type gopher"),
        ({"expectedCodes": ""}, "expected_codes is required"),
        ({"path": "health"}, "path must begin with /"),
        ({"type": "tcp"}, "port is required"),
    ],
)
def test_a_monitor_outside_the_limits_is_refused(account: Account, changes: Any, words: str) -> None:
    refused(lambda: account.monitor(**changes), "1002", words)


def test_a_business_zone_checks_every_15_seconds_at_most_and_has_no_regional_services(
    account: Account,
) -> None:
    account.make(SUBSCRIPTION, ratePlan={"id": "business"})
    refused(lambda: account.monitor(interval=10), "1002", "interval is not in range [15, 3600]")
    account.monitor(interval=15)
    refused(
        lambda: account.make(REGIONAL, hostname="eu.meridian.example", regionKey="eu"), "403", "Enterprise"
    )
    pool = account.pool()
    refused(lambda: account.balancer(pool, popPools={"FRA": [pool]}), "1002", "pop_pools")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"origins": []}, "origins must not be empty"),
        ({"origins": [{"name": "a"}]}, "has no address"),
        ({"origins": [{"name": "a", "address": "a.b"}, {"name": "a", "address": "c.d"}]}, "not unique"),
        ({"origins": [{"name": "a", "address": "a.b", "weight": 2}]}, "between 0 and 1"),
        (
            {"origins": [{"name": "a", "address": "a.b", "header": {"hosts": ["elsewhere.example"]}}]},
            "belongs to no zone",
        ),
        ({"checkRegions": ["MARS"]}, "MARS is not a region"),
        ({"monitor": "0" * 32}, "does not exist in this account"),
        ({"minimumOrigins": 2}, "minimum_origins"),
        ({"name": "a pool"}, "alphanumeric"),
    ],
)
def test_a_pool_that_cannot_work_is_refused(account: Account, changes: Any, words: str) -> None:
    refused(lambda: account.pool(**changes), "1002", words)


def test_a_monitor_of_another_account_does_not_count(account: Account) -> None:
    foreign = account.monitor("foreign", accountId=OTHER)
    refused(lambda: account.pool(monitor=foreign), "1002", foreign)


def test_a_pools_name_is_the_accounts_own(account: Account) -> None:
    account.pool("eu")
    refused(lambda: account.provider.create(POOL, "second", _pool("eu")), "1003", "value not unique")


def _pool(name: str) -> dict[str, Any]:
    return {"accountId": ACCOUNT, "name": name, "origins": [{"name": "a", "address": "a.b"}]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"regionPools": {"EUROPE": ["it"]}}, "EUROPE is not a region"),
        ({"regionPools": {"WEU": ["0" * 32]}}, "regionPools.WEU"),
        ({"regionPools": {"WEU": []}}, "must not be empty"),
        ({"countryPools": {"Germany": ["it"]}}, "Germany is not a country"),
        ({"defaultPools": []}, "default_pools must not be empty"),
        ({"fallbackPool": "0" * 32}, "fallback_pool: pool"),
        ({"name": "app.elsewhere.example"}, "must be in the zone"),
        ({"steeringPolicy": "nearest"}, "not supported"),
        ({"rules": [{"name": "r"}]}, "do not work with geo steering"),
        ({"sessionAffinity": "cookie", "sessionAffinityTtl": 60}, "not in range [1800, 604800]"),
        ({"sessionAffinity": "sticky"}, "not supported"),
    ],
)
def test_a_load_balancer_that_cannot_steer_is_refused(account: Account, changes: Any, words: str) -> None:
    pool = account.pool()
    refused(lambda: account.balancer(pool, **changes), "1002", words)


def test_a_second_load_balancer_of_a_host_is_refused(account: Account) -> None:
    pool = account.pool()
    account.balancer(pool)
    refused(
        lambda: account.provider.create(
            BALANCER,
            "again",
            {
                "zoneId": account.zone,
                "name": "app.meridian.example",
                "defaultPools": [pool],
                "fallbackPool": pool,
            },
        ),
        "1003",
        "value not unique",
    )


def test_what_a_load_balancer_uses_is_not_deleted(account: Account) -> None:
    monitor = account.monitor()
    first, second = account.pool("first", monitor=monitor), account.pool("second")
    balancer = account.balancer(first, regionPools={"WEU": [second]})
    words = "This object is referenced by other objects, delete them first."
    refused(lambda: account.provider.delete(POOL, "second", second), "1005", words)
    refused(lambda: account.provider.delete(MONITOR, "monitor", monitor), "1005", words)
    account.provider.delete(BALANCER, "app", balancer)
    account.provider.delete(POOL, "first", first)
    account.provider.delete(POOL, "second", second)
    account.provider.delete(MONITOR, "monitor", monitor)


def test_a_host_name_that_a_certificate_covers_does_not_hold_its_region(account: Account) -> None:
    region = account.make(REGIONAL, hostname="eu.meridian.example", regionKey="eu")
    account.make(
        PACK,
        type="advanced",
        validationMethod="txt",
        certificateAuthority="google",
        validityDays=90,
        hosts=["meridian.example", "eu.meridian.example"],
    )
    account.provider.delete(REGIONAL, "it", region)
    assert account.provider.read(REGIONAL, "it", region)[0] == ""


def test_a_change_is_judged_like_a_creation(account: Account) -> None:
    monitor = account.monitor()
    news = {"accountId": ACCOUNT, "type": "https", "interval": 5, "expectedCodes": "200"}
    refused(lambda: account.provider.update(MONITOR, "monitor", monitor, {}, news), "1002", "interval")


def test_a_zone_that_is_not_ours_is_refused(account: Account) -> None:
    refused(
        lambda: account.provider.create(
            SETTING, "s", {"zoneId": OTHER, "settingId": "ssl", "value": "strict"}
        ),
        "9109",
        "Unauthorized to access requested resource",
    )
    refused(
        lambda: account.provider.create(
            SETTING, "s", {"zoneId": "mine", "settingId": "ssl", "value": "strict"}
        ),
        "7003",
        "Could not route to /zones/mine, perhaps your object identifier is invalid?",
    )


def test_a_zone_exists_once(account: Account) -> None:
    again = {"account": {"id": ACCOUNT}, "name": "meridian.example"}
    refused(lambda: account.provider.create(ZONE, "again", again), "1061", "meridian.example already exists")
    refused(
        lambda: account.provider.create(ZONE, "bad", {"account": {"id": "me"}, "name": "a.example"}), "7003"
    )


def ask(account: Account, token: str, /, **arguments: Any) -> Any:
    return account.provider.stub.Invoke(pb.InvokeRequest(tok=token, args=encode(arguments)))


def test_a_data_source_tells_a_zone_of_ours_and_refuses_any_other(account: Account) -> None:
    found = decode(getattr(ask(account, "cloudflare:index/getZone:getZone", zoneId=account.zone), "return"))
    assert found["name"] == "meridian.example"
    refusal = ask(account, "cloudflare:index/getZone:getZone", zoneId=OTHER)
    assert refusal.failures[0].reason.startswith("9109: ")
    listed = decode(
        getattr(ask(account, "cloudflare:index/getZones:getZones", account={"id": OTHER}), "return")
    )
    assert listed["results"] == []


def test_an_expired_token_is_refused_with_the_apis_code_whatever_is_asked(
    account: Account, clouds: Any
) -> None:
    clouds.faults.add(Fault("expired-token", "cloudflare:*", count=2))
    refused(lambda: account.pool(), "10000", "Authentication error")
    refusal = ask(account, "cloudflare:index/getZones:getZones")
    assert refusal.failures[0].reason.startswith("10000: Authentication error")
    account.pool()


@pytest.mark.parametrize(
    ("setting", "value", "code"),
    [
        ("security_header", {"strictTransportSecurity": {"enabled": True}}, "1007"),
        ("security_header", {"strict_transport_security": {"maxAge": 1}}, "1007"),
        ("min_tls_version", "1.4", "1007"),
        ("ssl", "very strict", "1007"),
        ("tls_13", "on", "1003"),
    ],
)
def test_a_setting_that_the_zone_does_not_take_is_refused(
    account: Account, setting: str, value: Any, code: str
) -> None:
    refused(lambda: account.make(SETTING, settingId=setting, value=value), code, "setting")


def test_records_that_contradict_each_other_are_refused(account: Account) -> None:
    def record(label: str, host: str, **inputs: Any) -> None:
        account.make(RECORD, label, name=f"{host}.meridian.example", **{"ttl": 300, **inputs})

    record("a", "origin", type="A", content="192.0.2.1")
    record("b", "origin", type="A", content="192.0.2.2")
    refused(lambda: record("c", "origin", type="A", content="192.0.2.1"), "81058", "identical record")
    refused(lambda: record("d", "origin", type="CNAME", content="a.b"), "81053", "A, AAAA, or CNAME")
    record("e", "www", type="CNAME", content="a.netlify.app")
    refused(lambda: record("f", "www", type="A", content="192.0.2.1"), "81054", "CNAME record")
    refused(lambda: record("g", "g", type="A", content="nowhere"), "9005", "IPv4")
    refused(lambda: record("h", "h", type="A", content="192.0.2.1", ttl=5), "9021", "Invalid TTL")
    refused(lambda: record("i", "i", type="TXT", content="text", proxied=True), "9004", "proxied")


def test_a_certificate_covers_the_apex_for_a_time_that_its_authority_issues(account: Account) -> None:
    order = {
        "type": "advanced",
        "validationMethod": "txt",
        "certificateAuthority": "google",
        "validityDays": 90,
    }
    refused(lambda: account.make(PACK, hosts=["app.meridian.example"], **order), "400", "apex")
    refused(
        lambda: account.make(PACK, hosts=["meridian.example", "elsewhere.example"], **order),
        "400",
        "does not belong",
    )
    order["validityDays"] = 365
    refused(lambda: account.make(PACK, hosts=["meridian.example"], **order), "400", "365")


def test_a_certificate_for_origin_pulls_is_pem_and_its_key_stays_secret(
    account: Account, clouds: Any
) -> None:
    token = "cloudflare:index/authenticatedOriginPullsCertificate:AuthenticatedOriginPullsCertificate"
    certificate, key = (f"-----BEGIN {kind}-----" for kind in ("CERTIFICATE", "PRIVATE KEY"))
    refused(lambda: account.make(token, certificate=certificate, privateKey=Secret("k")), "400", "privateKey")
    account.make(token, certificate=certificate, privateKey=Secret(key))
    (record,) = [each for each in clouds.inventory.all() if each.token == token]
    assert isinstance(record.inputs["privateKey"], Secret)


def test_a_phase_has_one_entry_point_and_a_rate_counts_by_data_centre(account: Account) -> None:
    limit = {"characteristics": ["ip.src"], "period": 60, "requestsPerPeriod": 10}
    rule = {"action": "block", "expression": "true", "ratelimit": limit}
    shape = {"kind": "zone", "name": "r", "phase": "http_ratelimit"}
    refused(lambda: account.make(RULESET, **shape, rules=[rule]), "400", "cf.colo.id")
    limit["characteristics"] = ["cf.colo.id", "ip.src"]
    account.make(RULESET, **shape, rules=[rule])
    refused(lambda: account.make(RULESET, "two", **shape, rules=[rule]), "400", "similar configuration")
    refused(
        lambda: account.make(RULESET, "three", kind="zone", name="r", phase="http_nothing"), "400", "phase"
    )


def test_logs_are_pushed_only_to_a_bucket_whose_ownership_is_proved(account: Account, clouds: Any) -> None:
    gcp = clouds.instance("gcp")
    destination = "gs://logs/edge/{DATE}"
    refused(lambda: account.make(CHALLENGE, destinationConf=destination), "400", "no such bucket")
    gcp.create("gcp:storage/bucket:Bucket", "b", {"name": "logs", "location": "EU"})
    refused(lambda: account.make(CHALLENGE, "two", destinationConf=destination), "400", "may not write")
    gcp.create(
        "gcp:storage/bucketIAMMember:BucketIAMMember",
        "m",
        {
            "bucket": "logs",
            "role": "roles/storage.objectAdmin",
            "member": "serviceAccount:logpush@cloudflare-data.iam.gserviceaccount.com",
        },
    )
    file = account.make(CHALLENGE, "three", destinationConf=destination)
    assert re.fullmatch(r"edge/ownership-challenge-[0-9a-f]{8}\.txt", file)
    # Its id holds a slash: a refresh that took it for an import's `zone/id` would find nothing.
    assert account.provider.read(CHALLENGE, "three", file)[0] == file
    answer = gcp.stub.Invoke(
        pb.InvokeRequest(
            tok="gcp:storage/getBucketObjectContent:getBucketObjectContent",
            args=encode({"bucket": "logs", "name": file}),
        )
    )
    proof = decode(getattr(answer, "return"))["content"]
    job = {"dataset": "http_requests", "destinationConf": Secret(destination)}
    refused(lambda: account.make(JOB, **job), "400", "ownership")
    refused(lambda: account.make(JOB, "two", **job, ownershipChallenge=proof, filter="{"), "400", "no JSON")
    assert account.make(JOB, "three", **job, ownershipChallenge=proof).isdigit()


def test_a_secret_inside_another_value_is_in_no_byte_of_the_inventory(account: Account, clouds: Any) -> None:
    config = {
        "clientId": "the client",
        "clientSecret": Secret("correct horse battery"),
        "authUrl": "https://a",
        "tokenUrl": "https://t",
        "certsUrl": "https://k",
    }
    account.provider.create(
        IDENTITY, "i", {"accountId": ACCOUNT, "name": "n", "type": "oidc", "config": config}
    )
    stored = b"".join(path.read_bytes() for path in Path(clouds.folder).glob("inventory.db*"))
    assert b"the client" in stored and b"correct horse" not in stored


def test_access_lets_in_only_whom_a_known_provider_vouches_for(account: Account) -> None:
    config = {"clientId": "c", "clientSecret": "s", "authUrl": "https://a", "tokenUrl": "https://t"}
    shape = {"accountId": ACCOUNT, "name": "n"}
    refused(
        lambda: account.provider.create(IDENTITY, "i", {**shape, "type": "oidc", "config": config}),
        "12130",
        "certsUrl",
    )
    identity, _ = account.provider.create(
        IDENTITY, "i", {**shape, "type": "oidc", "config": {**config, "certsUrl": "https://k"}}
    )
    claim = {"claimName": "groups", "claimValue": "ops", "identityProviderId": OTHER}
    policy = {**shape, "decision": "allow", "includes": [{"oidc": claim}]}
    refused(lambda: account.provider.create(POLICY, "p", policy), "12130", OTHER)
    claim["identityProviderId"] = identity
    made, _ = account.provider.create(POLICY, "p", policy)
    application = {**shape, "type": "self_hosted", "policies": [{"id": made, "precedence": 1}]}
    refused(
        lambda: account.provider.create(
            APPLICATION, "a", {**application, "domain": "admin.elsewhere.example"}
        ),
        "12130",
        "does not belong to zone",
    )
    _, outputs = account.provider.create(
        APPLICATION, "a", {**application, "domain": "admin.meridian.example"}
    )
    assert re.fullmatch("[0-9a-f]{64}", outputs["aud"])
    refused(lambda: account.provider.delete(POLICY, "p", made), "409", "in use")


def test_an_import_names_a_resource_with_its_parent(account: Account) -> None:
    pool = account.pool()
    assert account.provider.read(POOL, "pool", f"{ACCOUNT}/{pool}")[0] == pool
    balancer = account.balancer(pool)
    found, _, inputs = account.provider.read(BALANCER, "app", f"{account.zone}/{balancer}")
    assert found == balancer
    assert inputs["defaultPools"] == [pool]
    rules = account.make(RULESET, kind="zone", name="r", phase="http_request_cache_settings", rules=[])
    assert account.provider.read(RULESET, "it", f"zones/{account.zone}/{rules}")[0] == rules
    assert account.provider.read(ZONE, "zone", OTHER)[0] == ""


def test_a_change_behind_the_back_is_seen_by_a_refresh(account: Account, clouds: Any) -> None:
    monitor = account.monitor()
    drift.change(clouds.inventory, drift.find(clouds.inventory, monitor), "interval", "60")
    assert account.provider.read(MONITOR, "monitor", monitor)[2]["interval"] == 60


def test_another_zone_or_order_is_another_object(account: Account) -> None:
    pool = account.pool()
    answer = account.provider.diff(
        BALANCER, "app", "x", {"zoneId": "a", "defaultPools": [pool]}, {"zoneId": "b", "defaultPools": [pool]}
    )
    assert list(answer.replaces) == ["zoneId"]


def test_a_plan_takes_what_it_cannot_know(clouds: Any) -> None:
    plan = clouds.instance("cloudflare", plan=True)
    identifier, outputs = plan.create(POOL, "p", _pool("p"), preview=True)
    assert identifier == ""
    assert outputs["name"] == "p"
    answer = plan.stub.Invoke(
        pb.InvokeRequest(tok="cloudflare:index/getZone:getZone", args=encode({"zoneId": OTHER}))
    )
    assert not answer.failures
