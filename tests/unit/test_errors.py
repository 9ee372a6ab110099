"""The tree of errors is the one drawn, and each says what to do."""

import inspect
import re

import pytest

from recommender import errors
from recommender.errors import (
    BundleError,
    ConfigurationError,
    DatasetError,
    InputError,
    NotFittedError,
    RecommenderError,
    UnknownIdError,
)
from recommender.skills.state import LateEventError


def test_the_drawing_shows_every_error_in_its_place():
    drawn = {}
    stack = []
    for line in errors.__doc__.splitlines():
        found = re.match(r"^(?P<lead>[\s│├└─]*)(?P<name>\w+Error)\b", line)
        if found:
            depth = len(found["lead"])
            stack = [(d, n) for d, n in stack if d < depth]
            drawn[found["name"]] = stack[-1][1] if stack else "Exception"
            stack.append((depth, found["name"]))
    real = {
        name: cls.__base__.__name__
        for name, cls in inspect.getmembers(errors, inspect.isclass)
        if cls.__module__ == errors.__name__
    }
    drawn.pop("RecommenderError")
    assert drawn == {name: parent for name, parent in real.items() if name != "RecommenderError"}
    assert RecommenderError.__base__ is Exception


@pytest.mark.parametrize("error", [DatasetError, UnknownIdError, ConfigurationError])
def test_what_a_sender_can_mend(error):
    assert issubclass(error, InputError)


@pytest.mark.parametrize("error", [BundleError, NotFittedError, LateEventError])
def test_what_a_sender_cannot_mend(error):
    assert issubclass(error, RecommenderError)
    assert not issubclass(error, InputError)


def test_dataset_error_says_the_first_reason_and_counts_the_others():
    assert str(DatasetError("a is wrong")) == "a is wrong"
    error = DatasetError("a is wrong", "b is wrong", "c is wrong")
    assert str(error) == "a is wrong (and 2 more)"
    assert error.reasons == ("a is wrong", "b is wrong", "c is wrong")


def test_unknown_id_names_field_and_value():
    error = UnknownIdError("target_role_id", "x'y")
    assert (error.field, error.value) == ("target_role_id", "x'y")
    assert str(error) == 'target_role_id "x\'y" is not in the catalogue; use an id that it lists'


def test_not_fitted_names_the_model():
    class Oracle:
        pass

    assert str(NotFittedError(Oracle())) == "Oracle is not fitted; call fit first or load a bundle"
