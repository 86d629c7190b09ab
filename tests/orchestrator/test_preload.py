"""What the zygote imports ahead: the parts of the SDKs that the program's sources name."""

from pathlib import Path

from meridian.orchestrator.preload import sdk_names


def names(tmp_path: Path, text: str) -> set[str]:
    source = tmp_path / "unit.py"
    source.write_text(text)
    return sdk_names([source])


def test_an_attribute_chain_of_an_sdk_is_found_under_its_real_name(tmp_path: Path) -> None:
    found = names(tmp_path, "import pulumi_gcp as gcp\ngcp.compute.Network('n')\n")
    assert "pulumi_gcp.compute.Network" in found


def test_an_import_from_an_sdk_is_found(tmp_path: Path) -> None:
    found = names(tmp_path, "from pulumi_aws import ec2 as e\ne.Vpc('v')\n")
    assert {"pulumi_aws.ec2", "pulumi_aws.ec2.Vpc"} <= found


def test_names_of_others_are_left_alone(tmp_path: Path) -> None:
    assert names(tmp_path, "import pulumi\nimport os\npulumi.export('a', os.environ.copy())\n") == set()
