"""The publishers' images, pulled by the digests that somebody checked and wrote into the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pulumi

from meridian.program import versions


@cache
def known() -> frozenset[str]:
    """Return every image that an operator's manifests or the platform itself name by a tag."""
    made = (body for operator in versions.OPERATORS for body in versions.manifests(operator))
    return frozenset({versions.CLUSTER_AUTOSCALER, *(image for body in made for image in named(body))})


def refuse_unknown(digests: Mapping[str, str]) -> None:
    """Raise RunError for a digest of an image that nothing here runs: the one that does run would stay unpinned."""
    for image in digests:
        if image not in known():
            raise pulumi.RunError(
                f"platform.image_digests: nothing runs {image}; fix: name one of {', '.join(sorted(known()))}"
            )


def pinned(node: Any, digests: Mapping[str, str]) -> Any:
    """Return manifests, or one image, with each image that has a digest named by it too."""
    if isinstance(node, dict):
        return {key: pinned(value, digests) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [pinned(each, digests) for each in node]
    return f"{node}@{digests[node]}" if isinstance(node, str) and node in digests else node


def named(node: Any) -> Iterator[str]:
    """Yield every image that a manifest's containers name."""
    if isinstance(node, dict):
        if isinstance(node.get("image"), str):
            yield node["image"]
        for value in node.values():
            yield from named(value)
    elif isinstance(node, list):
        for each in node:
            yield from named(each)
