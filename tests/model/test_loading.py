"""How files are read, and how all that is wrong with them is told at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from meridian.model import ModelErrors, load_environment
from meridian.model.schema import rendered

ROOT = Path(__file__).parents[2]


def problems_of(checkout: Path, name: str = "prod") -> list[str]:
    with pytest.raises(ModelErrors) as caught:
        load_environment(checkout, name)
    return [str(problem) for problem in caught.value.problems]


def test_the_message_points_at_the_line_and_column_of_the_value(checkout: Path) -> None:
    file = checkout / "stacks/prod/eu.yaml"
    lines = file.read_text().splitlines()
    row = next(i for i, line in enumerate(lines) if "region: europe-west1" in line)
    lines[row] = "  region: europe-west99"
    file.write_text("\n".join(lines) + "\n")
    first = problems_of(checkout)[0]
    assert first.startswith(f'stacks/prod/eu.yaml:{row + 1}:11: regions.eu.gcp.region = "europe-west99": ')


def test_errors_of_several_files_come_at_once(mutate: object, checkout: Path) -> None:
    mutate("us.yaml", "gcp.region", "us-nowhere1")  # type: ignore[operator]
    mutate("estate.yaml", "edge.fallback.eu", ["us"])  # type: ignore[operator]
    mutate("asia.yaml", "aws.network.asn", 64600)  # type: ignore[operator]
    files = {line.split(":")[0] for line in problems_of(checkout)}
    assert files == {"stacks/prod/us.yaml", "stacks/prod/estate.yaml", "stacks/prod/asia.yaml"}


def test_a_misspelt_key_hides_nothing_and_names_the_nearest(mutate: object, checkout: Path) -> None:
    mutate("estate.yaml", "edge.hostnam", "x")  # type: ignore[operator]
    mutate("estate.yaml", "budget.floor_usd", 999_999)  # type: ignore[operator]
    told = "\n".join(problems_of(checkout))
    assert "did you mean `hostname`?" in told
    assert "not below ceiling_usd" in told


def test_a_duplicate_key_is_refused_at_its_second_place(checkout: Path) -> None:
    file = checkout / "stacks/prod/estate.yaml"
    file.write_text(file.read_text() + "owner: somebody-else\n")
    (only,) = problems_of(checkout)
    assert f"estate.yaml:{len(file.read_text().splitlines())}:1" in only
    assert "owner" in only


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a\n- b\n",
        "key: [unclosed\n",
        "\tkey: 1\n",
        "key: *nowhere\n",
        "key: eu\n---\nkey: us\n",
        "key: \x00\n",
        f"key: {'[' * 4000}{']' * 4000}\n",
    ],
    ids=["empty", "list", "unclosed", "tab", "alias", "two documents", "control character", "deep"],
)
def test_a_file_that_is_no_mapping_is_refused_without_a_traceback(checkout: Path, text: str) -> None:
    (checkout / "stacks/prod/us.yaml").write_text(text)
    (only,) = problems_of(checkout)
    assert only.startswith("stacks/prod/us.yaml:")


def test_a_folder_or_a_dangling_link_in_a_files_place_is_refused(checkout: Path) -> None:
    (checkout / "stacks/prod/attic.yaml").symlink_to("nowhere")
    (checkout / "stacks/prod/cellar.yaml").mkdir()
    attic, cellar = problems_of(checkout)
    assert attic.startswith("stacks/prod/attic.yaml:1:1: ") and "make it a readable file" in attic
    assert cellar.startswith("stacks/prod/cellar.yaml:1:1: ") and "make it a readable file" in cellar


def test_a_few_lines_of_aliases_do_not_become_gigabytes(checkout: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    file = checkout / "stacks/prod/us.yaml"
    file.write_text(file.read_text() + "\n".join(lines) + "\n")
    told = problems_of(checkout)
    assert len(told) == 30 and all(len(line) < 400 for line in told)


@pytest.mark.parametrize("unit", ["mesh", "foundation", "edge", "us-platform"])
def test_a_region_cannot_take_the_name_of_a_unit(checkout: Path, unit: str) -> None:
    text = (checkout / "stacks/prod/eu.yaml").read_text().replace("key: eu", f"key: {unit}")
    (checkout / f"stacks/prod/{unit}.yaml").write_text(text)
    assert any(
        f"stacks/prod/{unit}.yaml:3:6: " in line and "a unit of this name" in line
        for line in problems_of(checkout)
    )


def test_an_environments_name_has_no_hyphen_for_a_stack_is_split_at_the_first(checkout: Path) -> None:
    (checkout / "stacks/prod").rename(checkout / "stacks/pre-prod")
    file = checkout / "stacks/pre-prod/estate.yaml"
    file.write_text(file.read_text().replace("environment: prod", "environment: pre-prod"))
    assert (
        'stacks/pre-prod/estate.yaml:3:14: environment = "pre-prod"' in problems_of(checkout, "pre-prod")[0]
    )


def test_a_bucket_whose_name_no_cloud_takes_is_refused_with_the_data(mutate: object, checkout: Path) -> None:
    mutate("estate.yaml", "gcp.project", "a-project-with-thirty-letters1")  # type: ignore[operator]
    (checkout / "stacks/prod").rename(checkout / "stacks/preproduction")
    mutate_file = checkout / "stacks/preproduction/estate.yaml"
    mutate_file.write_text(
        mutate_file.read_text().replace("environment: prod\n", "environment: preproduction\n")
    )
    told = problems_of(checkout, "preproduction")
    assert any("stacks/preproduction/asia.yaml" in line and "63 are the limit" in line for line in told), told


def test_bytes_that_are_no_text_are_refused(checkout: Path) -> None:
    (checkout / "stacks/prod/us.yaml").write_bytes(b"\xff\xfe\x00key")
    assert "UTF-8" in problems_of(checkout)[0]


def test_an_unknown_environment_names_the_nearest(checkout: Path) -> None:
    assert "did you mean prod?" in problems_of(checkout, "prodd")[0]


def test_a_fourth_region_is_added_by_a_file_alone(checkout: Path) -> None:
    folder = checkout / "stacks/prod"
    text = (folder / "eu.yaml").read_text()
    moves = {
        "key: eu": "key: north", "europe-west1-b": "europe-north1-a", "europe-west1-c": "europe-north1-b",
        "europe-west1-d": "europe-north1-c", "europe-west1": "europe-north1", "eu-west-1": "eu-north-1",
        "prod-eu": "prod-north", "10.32": "10.200", "10.33": "10.201", "10.40": "10.208", "10.41": "10.209",
        'start: "00:00"': 'start: "12:00"', "64514": "64530", "64515": "64531", " eu-1:": " north-1:", " eu-2:": " north-2:", " eu-3:": " north-3:",
    }  # fmt: skip
    for old, new in moves.items():
        text = text.replace(old, new)
    (folder / "north.yaml").write_text(text)
    estate = (folder / "estate.yaml").read_text()
    (folder / "estate.yaml").write_text(
        estate.replace("nodes: 9", "nodes: 12").replace("eu: []", "eu: [north]\n    north: [eu]")
    )
    assert set(load_environment(checkout, "prod").regions) == {"us", "eu", "asia", "north"}


def test_the_committed_schemas_are_those_of_the_model() -> None:
    for file, text in rendered().items():
        assert (ROOT / "stacks/schema" / file).read_text() == text, "run `meridian schema --write`"
        assert json.loads(text)["additionalProperties"] is False


def test_every_estate_file_names_its_schema_for_editors() -> None:
    for file in (ROOT / "stacks").glob("*/*.yaml"):
        kind = "estate" if file.name == "estate.yaml" else "region"
        kind = file.stem if file.parent.name == "assumptions" else kind
        assert file.read_text().startswith(f"# yaml-language-server: $schema=../schema/{kind}.schema.json\n")
    shared = (ROOT / "stacks/tables.yaml").read_text()
    assert shared.startswith("# yaml-language-server: $schema=schema/tables.schema.json\n")


def test_the_seed_s_figures_are_those_of_production() -> None:
    prod = load_environment(ROOT, "prod")
    for region in prod.regions.values():
        gke, eks = region.gcp.cluster.pools["standard"], region.aws.cluster.pools["standard"]
        assert (gke.machine_type, gke.min_nodes, gke.max_nodes) == ("n1-standard-8", 10, 50)
        assert (eks.machine_type, eks.min_nodes, eks.max_nodes) == ("m5.2xlarge", 10, 50)
    assert [(r.gcp.region, r.aws.region) for r in prod.regions.values()] == [
        ("asia-east1", "ap-southeast-1"), ("europe-west1", "eu-west-1"), ("us-central1", "us-east-1"),
    ]  # fmt: skip
    assert (prod.budget.floor_usd, prod.budget.ceiling_usd) == (50_000, 150_000)


def test_a_problem_of_the_shared_schema_is_told_at_its_own_file(mutate: object, checkout: Path) -> None:
    mutate("tables.yaml", "tables.users.audit", False)  # type: ignore[operator]
    row = next(
        number
        for number, line in enumerate((checkout / "stacks/tables.yaml").read_text().splitlines(), 1)
        if line == "    audit: false"
    )
    assert problems_of(checkout)[0].startswith(
        f"stacks/tables.yaml:{row}:12: tables.tables.users.audit = false: "
    )


def test_without_the_shared_schema_nothing_loads(checkout: Path) -> None:
    (checkout / "stacks/tables.yaml").unlink()
    assert "stacks/tables.yaml:1:1" in problems_of(checkout)[0]
