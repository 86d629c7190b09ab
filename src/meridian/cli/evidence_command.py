"""`meridian evidence ENV`: a package for auditors; `meridian evidence verify DIR`: whether one is as it was written."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from meridian.audit.actions import EVIDENCE, journal
from meridian.cli.named_paths import NamedPath, OutFolder
from meridian.cli.planning import planned
from meridian.cli.shown import table
from meridian.compliance.controls import FRAMEWORKS
from meridian.evidence import kept, signing
from meridian.evidence.assess import Basis, assess
from meridian.evidence.errors import EvidenceError
from meridian.evidence.model import Evidence, State
from meridian.evidence.package import Package, write
from meridian.model import load_environment
from meridian.model.assumptions import load_assumptions
from meridian.orchestrator.commands import own_estate, session_for
from meridian.orchestrator.policing import policies_of
from meridian.orchestrator.units import program_graph
from meridian.paths import Checkout, find_checkout
from meridian.proofs.all import PLAN_PROOFS, PROOFS, subject_of
from meridian.proofs.result import Proof
from meridian.wording import counted


class _Evidence(TyperGroup):
    """What is no subcommand is an environment: `evidence local` is `evidence make local`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        if args and args[0] not in self.commands:
            args = ["make", *args]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Evidence,
    help="Evidence for auditors: `meridian evidence ENV --framework F --out DIR`, checked by `verify DIR`.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"ignore_unknown_options": True},
)


@app.command()
def make(
    env: Annotated[str, typer.Argument(metavar="ENV", help="An environment: a folder under stacks/.")],
    framework: Annotated[str, typer.Option("--framework", help="soc2, hipaa or gdpr.")],
    out: Annotated[
        Path,
        typer.Option(
            "--out", click_type=OutFolder(), help="The folder to write; a former package is replaced."
        ),
    ],
    plan: Annotated[
        Path | None,
        typer.Option("--plan", click_type=NamedPath(), help="This plan.json, instead of a preview made now."),
    ] = None,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Run `meridian verify ENV` first; otherwise what it kept last counts."),
    ] = False,
    sign_key: Annotated[
        Path | None,
        typer.Option(
            "--sign-key", click_type=NamedPath(), help="Sign the manifest with this Ed25519 key (PEM)."
        ),
    ] = None,
) -> None:
    """Write the evidence of a framework: report, OSCAL, SARIF, CSV, record of processing, manifest."""
    chosen = next((each for each in FRAMEWORKS if each == framework), None)
    if chosen is None:
        raise typer.BadParameter(
            f"{framework!r} is no framework; choose of {', '.join(FRAMEWORKS)}", param_hint="--framework"
        )
    checkout = find_checkout()
    session_for(own_estate(checkout, env), env, "preview", "auto")
    noted = journal(checkout, EVIDENCE)
    if broken := noted.problems():
        raise EvidenceError(
            str(noted.file),
            f"entry {broken[0].entry}: {broken[0].reason}; kept results are believed only by a journal that is whole",
            "find out who changed it, move its files away as evidence, then `meridian verify` anew",
        )
    key = signing.private_key(sign_key) if sign_key else None
    environment = load_environment(checkout.root, env)
    if verify:
        _verify(checkout, env)
    basis = _basis(checkout, env, plan)
    found = assess(basis, chosen, datetime.now(UTC))
    with _whole():
        package = write(found, environment, out, key)
        entry = {
            "environment": env,
            "framework": chosen,
            "manifest": package.digest,
            "signed": key is not None,
        }
        head = noted.append("package", entry)
    _tell(found, package)
    if key:
        typer.echo(f"signed by the Ed25519 key sha256:{signing.fingerprint(key.public_key())}")
    typer.echo(f"noted in the journal of evidence as {head}")


@app.command("verify")
def verify_(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", click_type=NamedPath(), help="A package that `meridian evidence` wrote."
        ),
    ],
    public_key: Annotated[
        Path | None,
        typer.Option(
            "--public-key", click_type=NamedPath(), help="Check the signature with this Ed25519 key (PEM)."
        ),
    ] = None,
) -> None:
    """Check a package against its manifest and signature; exits with 1 and names what differs."""
    key = signing.public_key(public_key) if public_key else None
    problems = signing.differences(folder, key)
    for problem in problems:
        typer.echo(f"meridian: {problem}", err=True)
    if problems:
        raise typer.Exit(1)
    for name in signing.beside(folder):
        typer.echo(f"{name}: not part of the package")
    signed = (folder / signing.SIGNATURE).exists()
    said = (
        f"signed by the Ed25519 key sha256:{signing.fingerprint(key)}"
        if key
        else "signed, but no --public-key was given to check it with"
        if signed
        else "not signed"
    )
    typer.echo(f"{folder}: every file is as {signing.MANIFEST} says; {said}")


@contextmanager
def _whole() -> Iterator[None]:
    """Let a Ctrl-C wait for the end of the block: a package without manifest or note would look like a changed one."""
    waiting: list[int] = []
    kept = signal.signal(signal.SIGINT, lambda number, _: waiting.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, kept)
    if waiting:
        raise KeyboardInterrupt


def _basis(checkout: Checkout, env: str, file: Path | None) -> Basis:
    policies = policies_of(checkout)
    plan = planned(env, file)
    environment = load_environment(checkout.root, env)
    subject = subject_of(environment, load_assumptions(checkout.root, environment), plan)
    named = {name for control in policies.controls.controls.values() for name in control.proofs}
    proofs: Sequence[Proof] = [
        *(prove(subject) for name, prove in PROOFS.items() if name in named),
        *(prove(subject, plan) for name, prove in PLAN_PROOFS.items() if name in named),
    ]
    whole = set(plan.units) == set(program_graph(checkout.stacks, env))
    now = datetime.now(UTC)
    return Basis(
        checkout=checkout,
        plan=plan,
        policies=policies,
        report=policies.run(plan, now.date(), whole=whole),
        proofs=proofs,
        planned=now,
    )


def _verify(checkout: Checkout, env: str) -> None:
    """Run the live checks in a process of their own; what they find is evidence, also when it is bad."""
    before = kept.runs(checkout, env)
    subprocess.run([sys.executable, "-m", "meridian.cli", "verify", env], stdout=sys.stderr, check=False)
    if kept.runs(checkout, env) == before:
        raise EvidenceError(
            f"--verify {env}",
            "the live checks kept no result (see above)",
            "mend what they say, or leave --verify out: the evidence then says that nothing live was checked",
        )


def _tell(found: Evidence, package: Package) -> None:
    table(
        ("control", "state", "checks", "findings", "title"),
        [
            (each.id, each.state, len(each.observations), len(each.findings), each.control.title)
            for each in found.controls
        ],
    )
    counts = "; ".join(f"{count} {state}" for state, count in found.counts.items() if count)
    typer.echo(f"{found.environment}, {found.framework}: {counted(len(found.controls), 'control')}: {counts}")
    typer.echo(found.made_against)
    for text in found.missing:
        typer.echo(f"not done: {text}")
    if unsure := [each for each in found.controls if each.state is State.NOT_CHECKED]:
        typer.echo(f"not checked here: {', '.join(each.id for each in unsure)}")
    typer.echo(f"wrote {len(package.files)} files to {package.folder}; manifest sha256:{package.digest}")
