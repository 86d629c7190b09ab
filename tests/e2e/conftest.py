"""One estate for all end-to-end tests: bringing it up takes most of their time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from estate_checkout import EstateCheckout


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EstateCheckout]:
    """A checkout in which nothing has been brought up; a space in its path. All its processes end afterwards."""
    made = EstateCheckout(tmp_path_factory.mktemp("an estate") / "co")
    try:
        yield made
    finally:
        made.run("down")
        for process in made.processes():
            process.kill()


@pytest.fixture(scope="session")
def estate(checkout: EstateCheckout) -> EstateCheckout:
    """The same checkout with the whole estate up."""
    checkout.run("up", "local", "--json")
    return checkout
