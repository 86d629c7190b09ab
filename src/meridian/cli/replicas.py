"""Tells the embedded clouds which database nodes the estate has: a region's health depends on their quorum."""

from __future__ import annotations

from meridian.paths import Checkout


def tell(checkout: Checkout, environment: str, *, gone: bool = False) -> None:
    """Say where each region's database nodes run, by the model; `gone` forgets them. Nothing to do when no clouds run."""
    from meridian.local.client import LocalClouds
    from meridian.model.loader import load_environment

    clouds = LocalClouds.connect(checkout)
    if clouds is None:
        return
    regions = {} if gone else load_environment(checkout.root, environment).regions
    clouds.tell_replicas(
        environment,
        {
            key: {name: region.sites()[node.cloud].cluster.name for name, node in region.database.items()}
            for key, region in regions.items()
        },
    )
