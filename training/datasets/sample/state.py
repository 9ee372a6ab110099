"""What compiled code works on: the people of a block, what lies on their desks, and what is noted of them."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numba
import numpy as np
from numba.experimental import structref
from numpy.typing import NDArray

from training.datasets.sample.learner_models import NEVER
from training.datasets.sample.parameters import Parameters, as_row
from training.datasets.sample.world import World

STARTED: Final = 0
COMPLETED: Final = 1
ABANDONED: Final = 2

PERSON: Final = np.dtype(
    [
        ("role", "i4"),
        ("target", "i4"),
        ("segment", "i4"),
        ("joins", "i4"),
        ("leaves", "i4"),
        ("lags", "?"),
        ("pace", "f8"),
        ("motivation", "f8"),
        ("minutes", "f8"),
    ]
)
"""One learner: role, target role (-1 for none) and segment; first week in the programme and first week
after the last; whether in the lagging cohort; factor of the learning rate, logits of weekly activity,
minutes of a week with learning."""

ON_DESK: Final = np.dtype(
    [
        ("module", "i4"),
        ("next_item", "i4"),
        ("n_asked", "i4"),
        ("fails", "i4"),
        ("last", "i4"),
        ("last_score", "f8"),
        ("segment_left", "f8"),
        ("score_sum", "f8"),
        ("spent", "f8"),
        ("tempo", "f8"),
        ("habit", "f8"),
        ("checked_until", "f8"),
        ("next_check", "i4"),
    ]
)
"""What one learner is at: the module (-1 for none), its next item, how many were asked; failed answers in a
row; the module finished last (-1 for none) and its score; minutes to the next item; sum of first scores and
seconds spent so far; minutes taken for one that the catalogue states; habit; second at which the last check
ended; the next check."""

ATTEMPT: Final = np.dtype(
    [
        ("learner", "i4"),
        ("item", "i4"),
        ("is_retry", "?"),
        ("second", "f8"),
        ("score", "f8"),
        ("seconds", "f8"),
        ("probability", "f8"),
        ("ability", "f8"),
    ]
)
"""One answer: second since the start, score, seconds taken; true probability to pass, ability in logits."""

COMPLETION: Final = np.dtype(
    [
        ("learner", "i4"),
        ("module", "i4"),
        ("status", "i4"),
        ("choice_rank", "i4"),
        ("second", "f8"),
        ("progress", "f8"),
        ("score", "f8"),
        ("rating", "f8"),
        ("seconds", "f8"),
        ("choice_probability", "f8"),
    ]
)
"""One start, finish or giving up; NaN where there is no value. The rank is that among modules never started,
when it was chosen (0 where it was no first start)."""

CREDENTIAL: Final = np.dtype([("learner", "i4"), ("credential", "i4"), ("second", "f8")])
"""One credential earned."""


class Block(NamedTuple):
    """The people of a block, team after team; n learners, S skills.

    Parameters
    ----------
    team_start : int32 array, shape (n_teams + 1,)
    people : array of `PERSON`, shape (n,)
    offset : float64 array, shape (n, S)
        Logits that a learner has over somebody ordinary of the same level.
    liking : float64 array, shape (n, n_formats)
    states : float64 array, shape (n, S, N_STATE)
        See `learner_models`.
    """

    team_start: NDArray[np.int32]
    people: NDArray[np.void]
    offset: NDArray[np.float64]
    liking: NDArray[np.float64]
    states: NDArray[np.float64]


class Desk(NamedTuple):
    """What learners have before them; n learners, S skills, M modules.

    Parameters
    ----------
    desk : array of `ON_DESK`, shape (n,)
    begun_day, finished_day : float64 arrays, shape (n, M)
        When it was last begun and finished; `NEVER` where it was not.
    level, theta : float64 arrays, shape (n, S)
        Level and ability in logits as of when they were last looked at.
    """

    desk: NDArray[np.void]
    begun_day: NDArray[np.float64]
    finished_day: NDArray[np.float64]
    level: NDArray[np.float64]
    theta: NDArray[np.float64]


class Record(NamedTuple):
    """What happened, with room to spare; `n_rows` says how many rows are filled.

    Parameters
    ----------
    n_rows : int64 array, shape (3,)
        Filled rows of attempts, of completions, and of credentials.
    attempts, completions, credentials : arrays of `ATTEMPT`, `COMPLETION`, `CREDENTIAL`
    mastery : float32 array, shape (n_learners, n_months + 1, n_skills)
        True probability to pass a typical item of each skill, as of the beginning of each month.
    gone : int32 array, shape (n_learners,)
        Week in which the learner left the programme for good, -1 for those who stayed.
    """

    n_rows: NDArray[np.int64]
    attempts: NDArray[np.void]
    completions: NDArray[np.void]
    credentials: NDArray[np.void]
    mastery: NDArray[np.float32]
    gone: NDArray[np.int32]


@structref.register
class _SceneType(numba.types.StructRef):
    def preprocess_fields(self, fields: Any) -> Any:
        unliteral: Any = numba.types.unliteral
        return tuple((name, unliteral(kind)) for name, kind in fields)


class Scene(structref.StructRefProxy):
    """Everything that compiled code is given, by one reference: a tuple of it all compiles twice as long.

    Its fields are the learner `model`, then those of `World`, `Block`, `Desk` and `Record`, then `learning`,
    `response`, `activity` and `choice` as arrays of one record, see `parameters.as_row`.
    """

    def __new__(
        cls, model: int, world: World, block: Block, desk: Desk, record: Record, parameters: Parameters
    ) -> Scene:
        """Put the parts side by side."""
        rules = (parameters.learning, parameters.response, parameters.activity, parameters.choice)
        fields = (model, *world, *block, *desk, *record, *map(as_row, rules))
        new: Any = structref.StructRefProxy.__new__
        scene: Scene = new(cls, *fields)
        return scene


_RULES: Final = ("learning", "response", "activity", "choice")
_define: Any = structref.define_proxy
_define(Scene, _SceneType, ["model", *World._fields, *Block._fields, *Desk._fields, *Record._fields, *_RULES])


def empty_desk(n: int, n_skills: int, n_modules: int) -> Desk:
    """Return the desks of n learners who have not begun."""
    desk = np.zeros(n, ON_DESK)
    desk["module"] = desk["last"] = -1
    return Desk(
        desk=desk,
        begun_day=np.full((n, n_modules), NEVER),
        finished_day=np.full((n, n_modules), NEVER),
        level=np.zeros((n, n_skills)),
        theta=np.zeros((n, n_skills)),
    )


def empty_record(n: int, n_skills: int, n_months: int, room: tuple[int, int, int]) -> Record:
    """Return a record with room for so many attempts, completions and credentials."""
    attempts, completions, credentials = room
    return Record(
        n_rows=np.zeros(3, np.int64),
        attempts=np.empty(attempts, ATTEMPT),
        completions=np.empty(completions, COMPLETION),
        credentials=np.empty(credentials, CREDENTIAL),
        mastery=np.empty((n, n_months + 1, n_skills), np.float32),
        gone=np.full(n, -1, np.int32),
    )
