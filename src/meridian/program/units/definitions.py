"""us-definitions, eu-definitions, asia-definitions: the kinds of object that a region's clusters know beside their own."""

from __future__ import annotations

from components.kubernetes.manifests import Manifests, ManifestsArgs
from meridian.model.units import region_of
from meridian.program import versions
from meridian.program.context import Context
from meridian.program.refs import Upstream
from meridian.program.target import target


def wire(context: Context) -> None:
    """Make the unit: every operator's definitions; where no operator runs, those of our own objects only."""
    key = region_of(context.unit)
    region, upstream = context.environment.regions[key], Upstream(context.environment, key)
    for cloud in region.sites():
        cluster = target(context, region, upstream, cloud)
        for operator in versions.OPERATORS:
            wanted = [
                each
                for each in versions.manifests(operator, "definitions")
                if context.environment.platform.operators or each["metadata"]["name"] in versions.OWN
            ]
            Manifests(
                f"{cluster.kind}-{operator}-definitions",
                # Definitions lie in no namespace.
                ManifestsArgs(objects=wanted, namespaces={}, labels=cluster.labels),
                cluster.options,
            )
