"""Every error the engine raises on purpose.

::

    RecommenderError
    ├── InputError              what came in is wrong: field, value, remedy
    │   ├── DatasetError        a table of a dataset
    │   ├── UnknownIdError      an id that the catalogue does not hold
    │   └── ConfigurationError  a setting or hyperparameter
    ├── BundleError             a trained model on disk that cannot be used
    └── NotFittedError          a model asked before it was fitted

Callers that turn errors into exit codes or HTTP need only these classes: nothing else is raised for
something a caller can mend.
"""

from __future__ import annotations


class RecommenderError(Exception):
    """Root of the tree."""


class InputError(RecommenderError):
    """Something that came in is wrong and the sender can mend it."""


class DatasetError(InputError):
    """A dataset breaks its format; the message names table, row, column, value and remedy.

    Parameters
    ----------
    reasons : str
        One sentence per broken rule, the first one first.
    """

    def __init__(self, *reasons: str) -> None:
        super().__init__(*reasons)
        self.reasons: tuple[str, ...] = reasons

    def __str__(self) -> str:
        more = len(self.reasons) - 1
        return self.reasons[0] + (f" (and {more} more)" if more > 0 else "")


class UnknownIdError(InputError):
    """An id that is not in the catalogue.

    Parameters
    ----------
    field : str
        The request field that held it, such as ``target_role_id``.
    value : str
        The id as it came.
    """

    def __init__(self, field: str, value: str) -> None:
        super().__init__(f"{field} {value!r} is not in the catalogue; use an id that it lists")
        self.field = field
        self.value = value


class ConfigurationError(InputError):
    """A setting or hyperparameter that cannot be used."""


class BundleError(RecommenderError):
    """A bundle is missing, damaged, foreign or too new; the message says which and what to do."""


class NotFittedError(RecommenderError):
    """A model was asked for a prediction before `fit`."""

    def __init__(self, model: object) -> None:
        super().__init__(f"{type(model).__name__} is not fitted; call fit first or load a bundle")
