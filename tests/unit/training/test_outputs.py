"""Places to write to are judged before the work."""

from pathlib import Path

import pytest

from recommender.errors import ConfigurationError
from training.commands.outputs import check_writable


@pytest.mark.parametrize("place", ["new.json", "new/deep/result.json", "there.json"])
def test_what_can_be_written_is_left_as_it_is(tmp_path: Path, place: str) -> None:
    (tmp_path / "there.json").write_text("old")
    check_writable(tmp_path / place, "--json")
    assert [entry.name for entry in tmp_path.iterdir()] == ["there.json"]
    assert (tmp_path / "there.json").read_text() == "old"


def test_nothing_asked_for(tmp_path: Path) -> None:
    check_writable(None, "--json")


def test_a_path_without_directory_lies_here() -> None:
    check_writable(Path("result.json"), "--json")


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("", "is a directory; name a file"),
        ("file/result.json", "file is a file; name another place"),
        ("file/deep/result.json", "file is a file; name another place"),
    ],
)
def test_what_cannot(tmp_path: Path, place: str, told: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError) as caught:
        check_writable(tmp_path / place, "--json")
    assert str(caught.value).startswith(f"--json {tmp_path / place}")
    assert str(caught.value).endswith(told)
