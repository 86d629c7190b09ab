"""Files that are there whole or not at all."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from meridian.files import make_private, write_private, write_whole


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_private_file_takes_the_place_of_a_readable_one_and_nothing_is_left_beside_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "key"
    path.write_text("old")
    path.chmod(0o644)
    assert write_private(path, b"new") == path
    assert (path.read_text(), _mode(path)) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_a_script_may_be_run_and_text_is_utf_8(tmp_path: Path) -> None:
    path = write_whole(tmp_path / "bin" / "tool", "Réunion", 0o700, make_folder=True)
    assert (path.read_bytes(), _mode(path)) == ("Réunion".encode(), 0o700)


def test_a_folder_that_is_gone_is_not_made_again_unasked(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "gone" / "file", "")
    assert not (tmp_path / "gone").exists()


def test_threads_that_write_the_same_file_leave_one_of_their_texts_whole(tmp_path: Path) -> None:
    path = tmp_path / "shared"
    texts = [str(digit) * 50_000 for digit in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda text: write_whole(path, text), texts))
    assert path.read_text() in texts
    assert list(tmp_path.iterdir()) == [path]


def test_a_secret_that_is_there_stays_when_another_one_makes_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "passphrase"
    make_private(path, "first", make_folder=True)
    make_private(path, "second", make_folder=True)
    assert (path.read_text(), _mode(path)) == ("first", 0o600)
    assert list(path.parent.iterdir()) == [path]
