"""`meridian comment`: puts a preview on its pull request."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from meridian.cli.named_paths import NamedPath
from meridian.github.comment import CommentError, Comments
from meridian.wording import unreadable


def comment(
    file: Annotated[
        Path,
        typer.Argument(click_type=NamedPath(), help="The preview.md of `meridian preview ENV --report DIR`."),
    ],
    number: Annotated[int, typer.Option("--number", min=1, help="The pull request's number.")],
    repository: Annotated[
        str, typer.Option("--repository", envvar="GITHUB_REPOSITORY", help="owner/name.")
    ] = "",
) -> None:
    """Create the comment or edit it in place; the token comes from GITHUB_TOKEN, the API's address from GITHUB_API_URL."""
    try:
        body = file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise CommentError(
            str(file), f"it cannot be read ({unreadable(error)})", "name a preview.md"
        ) from None
    api = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    posted = Comments(repository, number, os.environ.get("GITHUB_TOKEN", ""), api=api).stick(body)
    typer.echo(f"{posted.action} {posted.url}")
