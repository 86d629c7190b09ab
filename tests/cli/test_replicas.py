"""After `up local` the embedded clouds know where the database's nodes run."""

from pathlib import Path

from meridian.cli import replicas
from meridian.local.client import LocalClouds
from meridian.paths import Checkout, find_checkout


def test_the_clouds_are_told_the_models_nodes_and_forget_them_when_the_estate_is_gone(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    checkout.stacks.symlink_to(find_checkout(Path(__file__).parent).stacks)
    replicas.tell(checkout, "local")  # no clouds run: nobody to tell, and none are started
    assert LocalClouds.connect(checkout) is None
    clouds = LocalClouds.ensure_running(checkout)
    try:
        replicas.tell(checkout, "local")
        told = clouds.lost()["database"]["groups"]["local"]
        assert told["eu"] == {"eu-1": "local-eu-gke", "eu-2": "local-eu-gke", "eu-3": "local-eu-eks"}
        assert set(told) == {"us", "eu", "asia"}
        replicas.tell(checkout, "local", gone=True)
        assert clouds.lost()["database"]["groups"]["local"] == {}
    finally:
        clouds.stop()
