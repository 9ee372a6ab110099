"""Small datasets that break one rule, and the sentence that comes of it."""

from pathlib import Path

import pytest

from recommender.errors import DatasetError
from training.datasets import load_dataset

Case = tuple[str, dict[str, str | bytes], list[str]]
"""What is wrong, tables, what the sentence must name: table, row, column, value, remedy."""

MODULES = "module_id,title\na,A\nb,B\n"
LEARNERS = "learner_id\nx\ny\n"
COMPLETIONS = "learner_id,module_id\nx,a\ny,b\n"
ATTEMPTS = "learner_id,item_id,score\nx,i,1\ny,i,0\n"
SKILLS = "skill_id,name\ns,S\nt,T\n"
SOUND = {"modules": MODULES, "learners": LEARNERS, "completions": COMPLETIONS, "attempts": ATTEMPTS}


def write(directory: Path, **tables: str | bytes) -> Path:
    directory.mkdir(exist_ok=True)
    for name, content in tables.items():
        data = content if isinstance(content, bytes) else content.encode()
        (directory / f"{name}.csv").write_bytes(data)
    return directory


def reasons(path: Path) -> tuple[str, ...]:
    with pytest.raises(DatasetError) as caught:
        load_dataset(path)
    return caught.value.reasons


def check(path: Path, case: Case) -> None:
    """One sentence on one line names all that it must."""
    sentence = reasons(write(path / "data", **case[1]))[0]
    assert "\n" not in sentence
    missing = [part for part in case[2] if part not in sentence]
    assert not missing, sentence
