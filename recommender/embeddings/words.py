"""Words and labels of modules, and how much each tells: what the content view compares."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog

# In fewer modules than these nothing is too common.
_FEW: Final = 10
# Scripts that put no space between words: Thai to Khmer, kana, Han, Hangul (whose words take endings).
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+"
)
_WORD: Final = re.compile(r"\w\w+")


def words(text: str) -> Iterator[str]:
    """Words of two letters or more in small letters; of scripts without spaces every two characters.

    >>> list(words("R and Épées: 机器学习 2"))
    ['机器', '器学', '学习', 'and', 'épées']
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    for run in _UNSPACED.findall(text):
        yield from ("".join(pair) for pair in pairwise(run)) if len(run) > 1 else (run,)
    yield from _WORD.findall(_UNSPACED.sub(" ", text))


def texts_of(catalog: Catalog) -> list[list[str]]:
    """Words of the title and description of every module."""
    titles, descriptions = catalog.titles, _column(catalog, "description")
    return [[*words(title), *words(text or "")] for title, text in zip(titles, descriptions, strict=True)]


def labels_of(catalog: Catalog) -> list[list[str]]:
    """Tags and skills of every module; a tag is none of the skills, whatever it is called."""
    tags = _column(catalog, "tags")
    return [
        [*(f"tag {tag.casefold()}" for tag in own or ()), *(f"skill {catalog.skill_ids[s]}" for s in skills)]
        for own, skills in zip(
            tags, (catalog.module_skills[m] for m in range(catalog.n_modules)), strict=True
        )
    ]


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Tokens that tell, and how much each does: fitted on one catalogue, it can weigh another.

    Not scikit-learn's, which gives the same numbers: a module that comes after training is weighed by the
    service, and that loads nothing that trains.

    Parameters
    ----------
    column : dict of str to int
        Position of each token, in sorted order.
    idf : float64 array, shape (n_tokens,)
    """

    column: Mapping[str, int]
    idf: NDArray[np.float64]

    @classmethod
    def fit(cls, tokens: Sequence[Sequence[str]], *, min_df: int, max_df: float) -> Self:
        """Count in how many modules each token is.

        Parameters
        ----------
        tokens : sequence of sequences of str, length n_modules
        min_df : int
            Modules that a token must be in.
        max_df : float
            Share of the modules that a token may be in; in ten it always may.
        """
        found_in = Counter(token for own in tokens for token in set(own))
        most = max(max_df * len(tokens), _FEW)
        telling = sorted(token for token, count in found_in.items() if min_df <= count <= most)
        count = np.array([found_in[token] for token in telling], np.float64)
        idf = 1.0 + np.log((1.0 + len(tokens)) / (1.0 + count))
        return cls({token: column for column, token in enumerate(telling)}, idf)

    def weigh(self, tokens: Sequence[Sequence[str]]) -> Any:
        """Weigh the tokens of every module; those that are not in the vocabulary count nothing.

        Returns
        -------
        SciPy CSR array, shape (n_modules, n_tokens)
            Each row of length 1; rows of modules without a token that counts are empty.
        """
        from scipy.sparse import csr_array

        lookup = self.column.get
        found = [[c for token in own if (c := lookup(token)) is not None] for own in tokens]
        start = np.cumsum([0, *map(len, found)], dtype=np.int64)
        columns = np.fromiter(chain.from_iterable(found), np.int64, int(start[-1]))
        matrix = csr_array((np.ones(len(columns)), columns, start), (len(tokens), len(self.column)))
        matrix.sum_duplicates()
        row = np.repeat(np.arange(len(tokens)), np.diff(matrix.indptr))
        weight = (1.0 + np.log(matrix.data)) * self.idf[matrix.indices]
        matrix.data = weight / np.sqrt(np.bincount(row, weight**2, len(tokens)))[row]
        return matrix


def _column(catalog: Catalog, name: str) -> list[Any]:
    """Values of an optional column of the modules' table, None where there are none."""
    table = catalog.tables.get("modules")
    if table is None or name not in table.column_names:
        return [None] * catalog.n_modules
    values: list[Any] = table.column(name).to_pylist()
    return values
