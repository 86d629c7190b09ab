"""What the runbooks say of an environment: names, hosts, figures and people, all from its data and proofs."""

from __future__ import annotations

from dataclasses import dataclass

from meridian.drills.promise import Promises, promises
from meridian.drills.target import Target, targets
from meridian.model.environment import Environment
from meridian.model.steering import origin_name
from meridian.model.topology import Node, host, nodes
from meridian.proofs.failover import LEASE_SECONDS, worst_seconds


@dataclass(frozen=True)
class Loss:
    """A loss and whom it sends where."""

    target: Target
    follows: Promises

    @property
    def moved(self) -> list[str]:
        """Return a sentence for every population that is served elsewhere, or by nobody."""
        return [
            f"visitors of {p.population.name} ({p.population.hostname}): "
            + (f"`{p.home}` -> `{p.serves}`" if p.serves else f"nobody serves them: {p.why}")
            for p in self.follows.populations
            if p.serves != p.home
        ]


@dataclass(frozen=True)
class Site:
    """One cluster as a person at the keyboard needs it."""

    name: str
    region: str
    place: str
    origin: str
    nodes: tuple[str, ...]
    credentials: str


class Facts:
    """Everything that the templates may say."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.name = environment.environment
        self.edge = environment.edge
        self.database = environment.database
        self.worst = worst_seconds(environment)
        self.lease = LEASE_SECONDS[1]
        known = [Loss(each, promises(environment, each)) for each in targets(environment)]
        self.losses = {kind: [each for each in known if each.target.kind == kind] for kind in ("cluster", "region", "cloud", "node")}  # fmt: skip
        self.sites = [self._site(name) for name in environment.clusters()]
        self.nodes: tuple[Node, ...] = nodes(environment)
        access = environment.platform.access
        self.on_call = environment.budget.notify
        self.break_glass = access.break_glass
        self.security = [each for each in access.break_glass.pages if each not in self.on_call] or list(access.break_glass.pages)  # fmt: skip
        self.certificates_contact = environment.platform.certificates.contact

    def host(self, node: Node) -> str:
        """Return a node's name in the private zone."""
        return host(self.environment, node.key)

    def majority(self, region: str) -> str:
        """Return how many of a region's nodes must run."""
        here = [node for node in self.nodes if node.region == region]
        return f"{len(here) // 2 + 1} of {len(here)}"

    def _site(self, name: str) -> Site:
        environment = self.environment
        region, cloud, _ = environment.clusters()[name]
        place = region.sites()[cloud].region
        command = (
            f"gcloud container clusters get-credentials {name} --region {place} --project {environment.gcp.project}"
            if cloud == "gcp"
            else f"aws eks update-kubeconfig --name {name} --region {place} --alias {name}"
        )
        on = tuple(node.key for node in nodes(environment) if node.cluster == name)
        return Site(name, region.key, place, origin_name(environment, name), on, command)
