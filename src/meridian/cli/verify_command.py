"""`meridian verify`: try on the running clusters what the data promises."""

from __future__ import annotations

import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from meridian.cli.shown import Json, running
from meridian.local.client import ClusterInfo, LocalClouds
from meridian.local.issuer import Signer
from meridian.model import load_environment
from meridian.model.environment import Environment
from meridian.orchestrator.errors import UsageError
from meridian.orchestrator.providers_mode import LOCAL
from meridian.paths import Checkout, find_checkout
from meridian.verify import encryption, sign_on, tls
from meridian.verify.record import keep
from meridian.verify.result import Checked, Outcome, judged

CHECKS = (encryption.NAME, tls.NAME, sign_on.NAME)


def verify(
    env: Annotated[
        str, typer.Argument(metavar="ENV", help="`local`: only its API servers are reached from here.")
    ],
    checks: Annotated[
        list[str] | None, typer.Argument(metavar="[CHECK]...", help="Only these checks.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check what runs by trying it; exits with 1 when something that was expected is not seen."""
    for name in checks or ():
        if name not in CHECKS:
            raise typer.BadParameter(
                f"{name!r} is no check; choose of {', '.join(CHECKS)}", param_hint="CHECK"
            )
    if env != LOCAL:
        raise UsageError(
            f"verify {env}", "its control planes are private and not reached from here", "verify local"
        )
    checkout, clouds = find_checkout(), running()
    environment = load_environment(checkout.root, env)
    work = [(name, cluster) for cluster in clouds.clusters() for name in checks or CHECKS]
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda each: _check(each[0], each[1], clouds_of(checkout), environment, checkout), work)
        )
    kept = keep(checkout, env, found)
    if as_json:
        typer.echo(json.dumps([each.to_json() for each in found], indent=2))
    else:
        for each in found:
            typer.echo(f"{each.outcome.value:14} {each.check:18} {each.subject}: {each.seen}")
            if each.outcome is Outcome.FAILED:
                typer.echo(f"{'':14} expected: {each.expected}")
    typer.echo(f"kept as {kept.relative_to(checkout.root)}", err=True)
    if not found or any(each.outcome is Outcome.FAILED for each in found):
        raise typer.Exit(1)


def clouds_of(checkout: Checkout) -> LocalClouds:
    """Return a connection of its own: one connection answers one question at a time."""
    clouds = LocalClouds.connect(checkout)
    if clouds is None:
        raise UsageError(
            "verify", "the embedded clouds have ended meanwhile", "`meridian up local`, then again"
        )
    return clouds


def _check(
    name: str, cluster: ClusterInfo, clouds: LocalClouds, environment: Environment, checkout: Checkout
) -> Checked:
    """Return one check's result; a check that could not be done to its end has failed."""
    try:
        place = urlsplit(cluster.endpoint)
        if name == encryption.NAME:
            return encryption.check(
                cluster.name, cluster.kubeconfig, lambda prefix: clouds.stored(cluster.name, prefix)
            )
        if name == tls.NAME:
            return tls.check(
                cluster.name, str(place.hostname), place.port or 443, _minimum(cluster, environment)
            )
        signer = Signer(checkout.local / "issuer")
        with tempfile.TemporaryDirectory() as folder:
            stranger = Signer(Path(folder))
            return sign_on.check(
                cluster.name,
                cluster.endpoint,
                _authority(cluster.kubeconfig),
                clouds.sign_on(cluster.name),
                signer.token,
                stranger.token,
            )
    except Exception as error:
        return judged(
            name, cluster.name, "began the check", "it ends", f"{type(error).__name__}: {error}"[:300], False
        )


def _minimum(cluster: ClusterInfo, environment: Environment) -> str:
    sites = [site for region in environment.regions.values() for site in (region.gcp, region.aws)]
    return next(site.cluster.tls_minimum for site in sites if site.cluster.name == cluster.name)


def _authority(kubeconfig: Path) -> str:
    import base64

    cluster = json.loads(kubeconfig.read_text())["clusters"][0]["cluster"]
    return base64.b64decode(cluster["certificate-authority-data"]).decode()
