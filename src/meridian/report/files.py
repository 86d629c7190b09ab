"""Writes a review's files: what people read, what machines read, and the plan itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from meridian.files import write_whole
from meridian.report import html, markdown
from meridian.report.review import Review


def write(review: Review, folder: Path) -> list[Path]:
    """Write preview.md, preview.html, preview.json and plan.json, each whole or not at all; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "preview.md": markdown.render(review),
        "preview.html": html.render(review),
        "preview.json": json.dumps(to_json(review), indent=1, default=str) + "\n",
        "plan.json": review.plan.to_json() + "\n",
    }
    return [write_whole(folder / name, text) for name, text in texts.items()]


def to_json(review: Review) -> dict[str, Any]:
    """Return the review as plain data; `proofs` is what a later review takes as its baseline."""
    return {
        "environment": review.plan.environment,
        "digest": review.plan.digest(),
        "revision": review.plan.revision,
        "verdict": review.judgement.value,
        "reasons": list(review.reasons),
        "proved": review.proved,
        "counts": review.counts,
        "destructive": [{"urn": each.urn, "op": each.op} for each in review.destructive],
        "needs_approval": list(review.needs_approval),
        "security": [{"urn": each.urn, "op": each.op} for each in review.security],
        "costs": {
            "by_category": {name: list(amounts) for name, amounts in review.costs.by_category.items()},
            "total": list(review.costs.total),
            "now": list(review.costs_now.total) if review.costs_now else None,
            "unknown": list(review.costs.unknown),
        },
        "policies": [vars(each) for each in review.policies],
        "warnings": [
            {"message": message, "units": list(units)} for message, units in review.warnings.items()
        ],
        "proofs": {proof.name: proof.to_json() for proof in review.proofs},
    }
