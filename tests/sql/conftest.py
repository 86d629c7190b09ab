"""The production estate's schema, in both forms."""

from __future__ import annotations

import pytest

from meridian.model import Environment, load_environment
from meridian.sql import Desired, desired
from tests.sql.schemas import FORMS, ROOT, parameters


@pytest.fixture(scope="session")
def prod() -> Environment:
    """The production environment."""
    return load_environment(ROOT, "prod")


@pytest.fixture(params=FORMS)
def schema(request: pytest.FixtureRequest, prod: Environment) -> Desired:
    """The production schema, once in each form."""
    return desired(prod, parameters(prod), form=request.param)


@pytest.fixture
def listed(prod: Environment) -> Desired:
    """The production schema, partitioned by list."""
    return desired(prod, parameters(prod), form="partition-by-list")


@pytest.fixture
def by_row(prod: Environment) -> Desired:
    """The production schema, regional by row."""
    return desired(prod, parameters(prod), form="regional-by-row")
