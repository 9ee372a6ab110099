"""The one door of the library."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import recommender


def test_everything_listed_is_there_sorted_and_documented():
    assert recommender.__all__ == sorted(set(recommender.__all__))
    for name in recommender.__all__:
        assert getattr(recommender, name).__doc__ or name == "Event", name


def test_everything_imported_is_listed():
    tree = ast.parse(Path(recommender.__file__).read_text())
    imported = {a.name for node in tree.body if isinstance(node, ast.ImportFrom) for a in node.names}
    assert imported == set(recommender.__all__)


@pytest.mark.parametrize("name", ["Engine", "ModelBundle", "Query", "Recommendation", "RecommenderError"])
def test_what_a_caller_needs_is_listed(name):
    assert name in recommender.__all__


def test_the_engine_imports_no_framework_and_nothing_that_trains():
    heavy = "{'fastapi', 'implicit', 'matplotlib', 'mlflow', 'numba', 'pandas', 'sklearn', 'sqlalchemy'}"
    script = f"import sys, recommender\nsys.exit(' '.join({heavy} & set(sys.modules)) or 0)\n"
    root = Path(recommender.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=root, check=False
    )
    assert done.returncode == 0, done.stderr
