"""Simulated data, and what keeps it told from real data: metadata of files, beginnings of ids, words.

Who writes a dataset, who reads it and who reports on it use the same few functions, so that the label
cannot be spelled in two ways and be lost between them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from recommender.domain.dataset_format import SIMULATED_ID_PREFIX, SIMULATION_KEY
from recommender.errors import DatasetError

LABEL: Final = "Simulated data"
"""What everything begins with that somebody could take for a result on real people."""
PLAIN_NOTICE: Final = "made by a simulator"
"""The notice of files that say that they are simulated and nothing more that can be read."""

_LONGEST_NOTICE = 200


def simulation_metadata(simulation: Mapping[str, Any]) -> dict[bytes, bytes]:
    """Return the metadata that marks a Parquet file as simulated; the same bytes for the same content.

    Parameters
    ----------
    simulation : mapping of str to anything that JSON can hold
        With ``notice``, a sentence for people; what else is in it is kept too.

    Raises
    ------
    DatasetError
        There is no notice, or JSON cannot hold it.

    Examples
    --------
    >>> simulation_metadata({"seed": 7, "notice": "Nobody in it exists"})
    {b'simulation': b'{"notice": "Nobody in it exists", "seed": 7}'}
    """
    if _plain(simulation.get("notice")) is None:
        raise DatasetError("the simulation has no notice, a sentence for people; say what made the data")
    try:
        text = json.dumps(dict(simulation), sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise DatasetError(f"the simulation cannot be written as JSON ({error}); use plain values") from error
    return {SIMULATION_KEY.encode(): text.encode()}


def notice_in(metadata: Mapping[bytes, bytes] | None) -> str | None:
    r"""Return the notice of a simulated file, None for any other.

    A mark that cannot be read is still a mark.

    Parameters
    ----------
    metadata : mapping of bytes to bytes, optional
        Of the file's schema.

    Examples
    --------
    >>> notice_in({b"simulation": b'{"notice": "Nobody in\n it exists"}'})
    'made by a simulator'
    >>> notice_in({b"simulation": b'{"notice": "Nobody in it exists"}'})
    'Nobody in it exists'
    >>> notice_in({b"author": b"ada"}) is None
    True
    """
    found = (metadata or {}).get(SIMULATION_KEY.encode())
    if found is None:
        return None
    try:
        content = json.loads(found)
    except (ValueError, RecursionError):
        return PLAIN_NOTICE
    notice = _plain(content.get("notice")) if isinstance(content, dict) else None
    return notice or PLAIN_NOTICE


def all_simulated(learner_ids: Iterable[str]) -> bool:
    """Return whether there are learners and every one is named as simulated learners are.

    Parameters
    ----------
    learner_ids : iterable of str

    Examples
    --------
    >>> all_simulated(["sim-1", "sim-2"]), all_simulated(["sim-1", "ada"]), all_simulated([])
    (True, False, False)
    """
    named = [learner_id.startswith(SIMULATED_ID_PREFIX) for learner_id in learner_ids]
    return bool(named) and all(named)


def nobody_real(notice: str) -> str:
    """Return the sentence, without its full stop, that says of data what it is.

    Parameters
    ----------
    notice : str
        What says so, or what made the data.

    Examples
    --------
    >>> nobody_real("made by a simulator")
    'Simulated data: no row is of a real person (made by a simulator)'
    """
    return f"{LABEL}: no row is of a real person ({notice})"


def labelled(text: str, simulated: bool) -> str:
    """Return a title, name or description that begins with the label where it is of simulated data.

    Parameters
    ----------
    text : str
        Begins with the label or not; it has it once afterwards.
    simulated : bool

    Examples
    --------
    >>> labelled("Predicting the next response", True)
    'Simulated data: Predicting the next response'
    >>> labelled("Predicting the next response", False)
    'Predicting the next response'
    """
    return text if not simulated or text.startswith(LABEL) else f"{LABEL}: {text}"


def _plain(notice: object) -> str | None:
    """Return a notice on one line, None where there is none."""
    if not isinstance(notice, str):
        return None
    # files come from anywhere: nothing in a notice may move the cursor or fill the screen
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in notice).split())
    return (words if len(words) <= _LONGEST_NOTICE else words[: _LONGEST_NOTICE - 3] + "...") or None
