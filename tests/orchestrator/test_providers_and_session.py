"""Which providers are used, and what an engine is told."""

import os
from pathlib import Path

import pytest

from meridian.orchestrator.errors import UsageError
from meridian.orchestrator.providers_mode import Providers, decide, missing_credentials
from meridian.orchestrator.session import make_passphrase, open_session
from meridian.paths import Checkout

BOTH = {"GOOGLE_APPLICATION_CREDENTIALS": "/key.json", "AWS_PROFILE": "estate"}


def test_local_is_always_on_the_embedded_clouds(tmp_path: Path) -> None:
    for operation in ("preview", "up", "destroy"):
        assert decide("local", operation, "auto", BOTH, tmp_path)[0] is Providers.EMBEDDED


def test_local_on_official_providers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="embedded clouds only"):
        decide("local", "up", "official", BOTH, tmp_path)


def test_a_preview_without_credentials_is_a_simulated_plan(tmp_path: Path) -> None:
    providers, why = decide("prod", "preview", "auto", {}, tmp_path)
    assert providers is Providers.PLAN
    assert "GCP and AWS" in why
    assert "SIMULATED" in providers.sentence("prod", why)


def test_credentials_of_one_cloud_are_not_enough(tmp_path: Path) -> None:
    environ = {"AWS_PROFILE": "estate"}
    providers, why = decide("prod", "preview", "auto", environ, tmp_path)
    assert providers is Providers.PLAN
    assert why == "no credentials of GCP found"


def test_credentials_of_both_clouds_mean_the_official_providers(tmp_path: Path) -> None:
    assert decide("prod", "up", "auto", BOTH, tmp_path)[0] is Providers.OFFICIAL


@pytest.mark.parametrize("operation", ["up", "refresh", "destroy"])
def test_changing_a_real_environment_without_credentials_is_refused(operation: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=rf"{operation} prod.*no credentials.*fix.*local"):
        decide("prod", operation, "auto", {}, tmp_path)


def test_a_simulated_up_of_a_real_environment_is_refused_even_with_credentials(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="only a plan of it can be simulated"):
        decide("staging", "up", "simulated", BOTH, tmp_path)


def test_a_simulated_preview_can_be_asked_for_despite_credentials(tmp_path: Path) -> None:
    assert decide("staging", "preview", "simulated", BOTH, tmp_path)[0] is Providers.PLAN


def test_an_unknown_wish_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="auto, simulated, official"):
        decide("prod", "preview", "cheap", {}, tmp_path)


def test_the_clouds_own_credential_files_count(tmp_path: Path) -> None:
    adc = tmp_path / ".config" / "gcloud" / "application_default_credentials.json"
    adc.parent.mkdir(parents=True)
    adc.touch()
    assert missing_credentials({}, tmp_path) == ["AWS"]
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").touch()
    assert missing_credentials({}, tmp_path) == []


def test_a_plan_never_uses_the_state_of_the_environment(tmp_path: Path) -> None:
    environ = {"PULUMI_BACKEND_URL": "s3://the-real-one", "PULUMI_HOME": "/elsewhere", "PATH": "/usr/bin"}
    checkout = Checkout(tmp_path)
    session = open_session(checkout, "prod", Providers.PLAN, environ=environ)
    assert session.backend_url == f"file://{checkout.plan_state}"
    assert session.variables["MERIDIAN_LOCAL_MODE"] == "plan"
    assert session.variables["PULUMI_HOME"] == str(checkout.pulumi_home)
    config = session.config_file()
    assert config is not None
    assert config.is_relative_to(checkout.work)


def test_a_plans_settings_left_in_the_shell_do_not_reach_the_local_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = Checkout(tmp_path)
    for name, value in open_session(checkout, "prod", Providers.PLAN).variables.items():
        monkeypatch.setenv(name, value)
    session = open_session(checkout, "local", Providers.EMBEDDED)
    assert "MERIDIAN_LOCAL_MODE" not in session.environ()
    assert session.environ()["PULUMI_BACKEND_URL"] == f"file://{checkout.state}"
    assert session.environ()["MERIDIAN_ENVIRONMENT"] == "local"
    official = open_session(checkout, "prod", Providers.OFFICIAL)
    assert official.backend_url == f"file://{checkout.state}"
    assert official.variables["PULUMI_HOME"] != str(checkout.pulumi_home)


def test_the_users_back_end_wins_over_the_models_on_official_providers(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    environ = {"HOME": "/home/x", "PULUMI_BACKEND_URL": "s3://mine"}
    mine = open_session(checkout, "prod", Providers.OFFICIAL, backend="gs://model", environ=environ)
    assert mine.backend_url == "s3://mine"
    model = open_session(
        checkout, "prod", Providers.OFFICIAL, backend="gs://model", environ={"HOME": "/home/x"}
    )
    assert model.backend_url == "gs://model"
    assert model.file_backend is None


def test_the_engines_folder_comes_first_on_the_path_once(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    path = f"/usr/bin{os.pathsep}{checkout.bin}"
    session = open_session(checkout, "local", Providers.EMBEDDED, environ={"PATH": path})
    assert session.variables["PATH"].split(os.pathsep) == [str(checkout.bin), "/usr/bin"]


def test_the_users_passphrase_is_respected_for_a_real_environment(tmp_path: Path) -> None:
    environ = {"PULUMI_CONFIG_PASSPHRASE": "mine"}
    session = open_session(Checkout(tmp_path), "prod", Providers.OFFICIAL, environ=environ)
    assert session.passphrase is None
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in session.variables
    assert "PULUMI_CONFIG_PASSPHRASE" not in session.unset()


@pytest.mark.parametrize("providers", [Providers.EMBEDDED, Providers.PLAN])
def test_a_passphrase_in_the_shell_never_reaches_the_state_of_this_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, providers: Providers
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "mine")
    checkout = Checkout(tmp_path)
    session = open_session(checkout, "local", providers)
    assert session.variables["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(checkout.passphrase)
    assert "PULUMI_CONFIG_PASSPHRASE" not in session.environ()


def test_a_passphrase_is_random_private_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "passphrase"
    make_passphrase(path)
    first = path.read_text()
    make_passphrase(path)
    assert path.read_text() == first
    assert len(first) >= 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["passphrase"]


def test_a_salt_of_an_earlier_life_goes_when_its_stack_is_made_anew(tmp_path: Path) -> None:
    session = open_session(Checkout(tmp_path), "local", Providers.EMBEDDED, environ={})
    file = tmp_path / "stacks" / "Pulumi.local-eu.yaml"
    file.parent.mkdir()
    file.write_text("encryptionsalt: v1:abc\nconfig:\n  meridian:x: kept\n")
    session.forget_salt("local-eu")
    assert file.exists(), "it holds a person's settings too"
    file.write_text("encryptionsalt: v1:abc\n")
    session.forget_salt("local-eu")
    assert not file.exists()
    session.forget_salt("local-eu")
