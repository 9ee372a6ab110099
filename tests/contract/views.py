"""How views are found, asked and compared in the tests that hold every one of them."""

import importlib
import inspect
import pkgutil

import numpy as np

import recommender.embeddings
from recommender.embeddings import Histories, History, View
from recommender.embeddings.new_modules import NewModules

SEED = 11
FEW = [(0, 0), (0, 1), (1, 1), (1, 2), (2, 0), (2, 2), (3, 3), (3, 0)]


def discovered() -> list[type]:
    """Every class of the package that looks like a view, whether listed or not."""
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(recommender.embeddings.__path__, "recommender.embeddings.")
    ]
    return [
        cls
        for module in modules
        for _, cls in inspect.getmembers(module, inspect.isclass)
        if cls.__module__ == module.__name__
        and cls is not View
        and hasattr(cls, "fit")
        and hasattr(cls, "score")
    ]


def past(*modules, role=0, segment=1):
    return History(np.array(modules, np.int32), np.arange(len(modules)) * 86_400.0, role, segment)


def score(view, history):
    return view.score(Histories.of(history))[0]


def may_speak_for(view_class, interactions):
    """Modules that a view speaks for, (n_modules,): one view speaks for those alone that nobody started."""
    started = np.bincount(interactions.modules, minlength=interactions.n_modules) > 0
    return ~started if view_class is NewModules else np.ones_like(started)


def check_scores(scores, n_modules):
    assert scores.shape == (n_modules,)
    assert scores.dtype == np.float32
    assert type(scores) is np.ndarray
    assert not np.isinf(scores).any()
    assert not (scores < 0).any()


def assert_same_arrays(one, other):
    assert one.keys() == other.keys()
    for name in one:
        assert one[name].dtype == other[name].dtype, name
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def assert_close(one, other):
    """Same modules unknown, scores equal up to a thousandth of the largest."""
    largest = np.nanmax(np.append(one, 0))
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3 * largest)
