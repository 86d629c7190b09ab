"""Networks: nothing comes in from everywhere, everything that flows is on record."""

from __future__ import annotations

from collections.abc import Iterator

from meridian.compliance.rule import Problem, Scene, Severity, resource_rule, stack_rule
from meridian.plan import PlannedResource
from policies.rules.reading import is_, listed, parts, shown

_WORLD = frozenset({"0.0.0.0/0", "::/0"})


@resource_rule(
    "no-open-ingress",
    "No firewall lets the whole world in",
    Severity.CRITICAL,
    "name the ranges of the estate or of the edge",
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    "aws:ec2/securityGroupRule:SecurityGroupRule",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "gcp:compute/firewall:Firewall",
)
def no_open_ingress(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """Visitors come through the edge, whose ranges are known."""
    demand = "what comes in comes from ranges that are named"
    if resource.type == "gcp:compute/firewall:Firewall":
        allows = resource.get("direction", default="INGRESS") == "INGRESS" and resource.get("allows")
        ranges = _WORLD & {str(each) for each in listed(resource.get("sourceRanges"))}
        if allows and ranges and not resource.get("disabled"):
            yield Problem(resource, ", ".join(sorted(ranges)), demand)
        return
    if resource.type.endswith("SecurityGroupRule") and resource.get("type") != "ingress":
        return
    rules = [each for each in listed(resource.get("ingress")) if isinstance(each, dict)]
    blocks = [
        block
        for rule in (*rules, resource.inputs)
        for key in ("cidrBlocks", "ipv6CidrBlocks", "cidrIpv4", "cidrIpv6")
        for block in listed(rule.get(key))
    ]
    for block in sorted(_WORLD & {str(each) for each in blocks}):
        yield Problem(resource, block, demand)


@resource_rule(
    "subnet-private",
    "Machines get no public address, and reach the cloud's services privately",
    Severity.HIGH,
    "AWS: mapPublicIpOnLaunch false; Google: privateIpGoogleAccess true",
    "aws:ec2/subnet:Subnet",
    "gcp:compute/subnetwork:Subnetwork",
)
def subnet_private(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """What has no public address cannot be reached by mistake."""
    if resource.type.startswith("aws:"):
        if resource.get("mapPublicIpOnLaunch") is True:
            yield Problem(resource, "mapPublicIpOnLaunch true", "machines get private addresses only")
    elif resource.get("purpose", default="PRIVATE") == "PRIVATE" and not is_(
        resource.get("privateIpGoogleAccess"), True
    ):
        yield Problem(resource, "privateIpGoogleAccess off", "the cloud's services are reached privately")


@stack_rule(
    "private-endpoints",
    "Object stores are reached over private endpoints",
    Severity.MEDIUM,
    "add a VpcEndpoint for the service to the VPC",
)
def private_endpoints(scene: Scene) -> Iterator[Problem]:
    """Backups and images would otherwise leave through NAT, over public addresses."""
    for vpc in scene.plan.of("aws:ec2/vpc:Vpc"):
        services = [
            str(each.get("serviceName", default=""))
            for each in parts(scene.plan, vpc, "aws:ec2/vpcEndpoint:VpcEndpoint", "vpcId")
        ]
        if not any(service.endswith(".s3") for service in services):
            yield Problem(vpc, "no endpoint for s3", "object stores are reached without public addresses")


@stack_rule(
    "flow-logs",
    "Every network records its flows",
    Severity.MEDIUM,
    "AWS: a FlowLog of trafficType ALL for the VPC; Google: logConfig on the subnetwork",
)
def flow_logs(scene: Scene) -> Iterator[Problem]:
    """Without them nobody can say afterwards who spoke with whom."""
    for vpc in scene.plan.of("aws:ec2/vpc:Vpc"):
        found = list(parts(scene.plan, vpc, "aws:ec2/flowLog:FlowLog", "vpcId"))
        if not found:
            yield Problem(vpc, "no flow log", "all flows are on record")
        for log in found:
            if not is_(log.get("trafficType"), "ALL"):
                yield Problem(
                    log, f"trafficType {shown(log.get('trafficType'))}", "refused and allowed flows"
                )
    for subnet in scene.plan.of("gcp:compute/subnetwork:Subnetwork"):
        if subnet.get("purpose", default="PRIVATE") == "PRIVATE" and subnet.get("logConfig") is None:
            yield Problem(subnet, "no logConfig", "all flows are on record")


@resource_rule(
    "listener-tls-minimum",
    "Load balancers of the clouds speak TLS 1.2 or newer, 1.3 where the product offers it",
    Severity.HIGH,
    "AWS: sslPolicy ELBSecurityPolicy-TLS13-1-3-2021-06 or -1-2-Res; Google: minTlsVersion TLS_1_2, profile RESTRICTED",
    "aws:lb/listener:Listener",
    "gcp:compute/sSLPolicy:SSLPolicy",
)
def listener_tls_minimum(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """Google's SSL policies end at TLS 1.2 as a minimum; AWS offers 1.3 alone."""
    demand = "TLS 1.3, or the best that the product takes as a minimum"
    if resource.type.startswith("gcp:"):
        if resource.get("minTlsVersion", default="TLS_1_0") not in ("TLS_1_2", "TLS_1_3"):
            yield Problem(resource, f"minTlsVersion {shown(resource.get('minTlsVersion'))}", demand)
    elif resource.get("protocol") == "HTTP":
        if resource.get("defaultActions", "type") != "redirect":
            yield Problem(resource, "protocol HTTP", demand)
    elif resource.get("protocol") in ("HTTPS", "TLS") and "TLS13" not in str(
        resource.get("sslPolicy", default="")
    ):
        yield Problem(resource, f"sslPolicy {shown(resource.get('sslPolicy'))}", demand)
