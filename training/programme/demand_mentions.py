"""Which posting asks for which skill: by its list of skills and by what its text names."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.programme.demand_names import SkillNames
from training.programme.ledger import Bools


@dataclass(frozen=True, slots=True, eq=False)
class Mentions:
    """Postings and the skills they ask for, each at most once.

    Parameters
    ----------
    skill_ids : tuple of str
        In the order of the table of skills.
    posted_at : datetime64[s] array, shape (n_postings,)
        UTC.
    role_ids : object array, shape (n_postings,)
        Id of the role that a posting is for; None where it does not say.
    listed, named : bool arrays, shape (n_postings, n_skills)
        Asked for by the posting's list; named by its text.
    has_list, has_text : bool arrays, shape (n_postings,)
    n_unknown : int
        Entries of lists that are no skill of the catalogue. They are not counted as asked for.
    n_shared_names : int
        Names that more than one skill has; a text that holds one names all of these.
    """

    skill_ids: tuple[str, ...]
    posted_at: NDArray[np.datetime64]
    role_ids: NDArray[np.object_]
    listed: Bools
    named: Bools
    has_list: Bools
    has_text: Bools
    n_unknown: int = 0
    n_shared_names: int = 0

    @property
    def asked(self) -> Bools:
        """Whether each posting asks for each skill in either way; shape (n_postings, n_skills)."""
        return self.listed | self.named

    def __len__(self) -> int:
        return len(self.posted_at)

    def take(self, rows: Bools) -> Mentions:
        """Keep some of the postings; counts of what is unknown and shared stay those of all."""
        return replace(
            self,
            **{
                name: getattr(self, name)[rows]
                for name in ("posted_at", "role_ids", "listed", "named", "has_list", "has_text")
            },
        )


def read_mentions(skills: pd.DataFrame, postings: pd.DataFrame) -> Mentions:
    """Find the skills that postings ask for.

    Parameters
    ----------
    skills, postings : DataFrame
        As in a loaded dataset.
    """
    ids = tuple(skills["skill_id"])
    names = SkillNames.of(
        [[name, *aliases] for name, aliases in zip(skills["name"], skills["aliases"], strict=True)]
    )
    shape = len(postings), len(ids)
    listed, named = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
    lists = postings["skill_ids"]
    position = pd.Index(ids).get_indexer(pd.Index(lists.explode().dropna()))
    row = np.repeat(np.arange(len(postings)), lists.map(len))
    known = position >= 0
    listed[row[known], position[known]] = True
    texts = postings["text"].fillna("")
    for at, text in enumerate(texts):
        named[at, list(names.find(text))] = True
    return Mentions(
        ids,
        postings["posted_at"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[s]"),
        postings["role_id"].astype(object).where(postings["role_id"].notna(), None).to_numpy(object),
        listed,
        named,
        np.asarray(lists.map(len) > 0, np.bool_),
        np.asarray(texts.str.strip() != "", np.bool_),
        int((~known).sum()),
        names.n_shared,
    )
