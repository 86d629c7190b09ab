"""The scripts of production as people read them; each golden file is the command's own output, reviewed."""

from __future__ import annotations

from pathlib import Path

import pytest

from meridian.model import Environment
from meridian.model.placement import Form
from meridian.program.sql_parameters import sql_parameters
from meridian.sql import Desired, desired, migration, statements
from meridian.sql.script import script
from tests.sql.schemas import FORMS

GOLDEN = Path(__file__).parent / "golden"


def production(prod: Environment, form: Form) -> Desired:
    return desired(prod, sql_parameters(prod), form=form)


@pytest.mark.parametrize("form", FORMS)
def test_the_whole_schema_reads_as_it_was_reviewed(prod: Environment, form: Form) -> None:
    schema = production(prod, form)
    title = "prod: the whole schema, for an initialised and empty cluster."
    file = GOLDEN / f"prod.{form}.sql"
    assert script(schema, statements(schema), title=title) == file.read_text(), (
        f"review the change, then: meridian sql prod --form {form} > tests/sql/golden/{file.name}"
    )


def test_the_way_to_the_modern_form_reads_as_it_was_reviewed(prod: Environment) -> None:
    old, new = (production(prod, form) for form in FORMS)
    title = f"prod: from {old.form} to {new.form}, step by step; run by people, one at a time."
    file = GOLDEN / "prod.to-regional-by-row.sql"
    assert script(old, migration(old, new).statements, title=title) == file.read_text(), (
        f"review the change, then: meridian sql prod --migrate-to {new.form} > tests/sql/golden/{file.name}"
    )


@pytest.mark.parametrize("form", FORMS)
def test_no_script_holds_a_secret_or_says_what_is_bound_later(prod: Environment, form: Form) -> None:
    schema = production(prod, form)
    text = script(schema, statements(schema), title="x")
    assert "enterprise.license = $1" in text
    for word in ("PASSWORD", "CREDENTIALS", "SECRET_ACCESS_KEY", "crl-0-"):
        assert word not in text


def test_a_credential_in_a_bucket_s_address_is_refused(prod: Environment) -> None:
    from pydantic import ValidationError

    from meridian.sql import BackupTarget

    with pytest.raises(ValidationError, match="AUTH=implicit"):
        BackupTarget(uri="s3://b?AWS_SECRET_ACCESS_KEY=x", kms="gs:///k?AUTH=implicit", residency="eu")
