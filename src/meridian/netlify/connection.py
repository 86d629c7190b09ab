"""Where Netlify's API is and who we are there; the token itself never becomes an input of a resource."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, field_validator
from pydantic.alias_generators import to_camel

from meridian.provider.errors import ProviderError

OFFICIAL = "https://api.netlify.com/api/v1"
TOKEN_VARIABLE = "NETLIFY_AUTH_TOKEN"  # noqa: S105 - the name that Netlify's own tools read
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Connection(BaseModel):
    """The endpoint, and the file that holds the token; without a file NETLIFY_AUTH_TOKEN is read from the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    endpoint: str = OFFICIAL
    token_file: str | None = None

    @field_validator("endpoint")
    @classmethod
    def _encrypted(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise ValueError(
                f"{value} would send the token unencrypted over a network; fix: give an https:// address"
            )
        return value.rstrip("/")

    def token(self) -> str:
        """Return the token; raises ProviderError when there is none."""
        if self.token_file is None:
            found = os.environ.get(TOKEN_VARIABLE, "").strip()
            source, fix = TOKEN_VARIABLE, f"set {TOKEN_VARIABLE} to a personal access token of the account"
        else:
            source, fix = self.token_file, "`meridian up` again: whoever serves this endpoint writes the file"
            try:
                found = Path(self.token_file).read_text().strip()
            except OSError:
                found = ""
        if not found:
            raise ProviderError(source, f"holds no token for {self.endpoint}", fix)
        return found
