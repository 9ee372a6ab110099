"""Words and labels of modules, and how much each tells: what the content view compares."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np

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


def tf_idf(tokens: Sequence[Sequence[str]], *, min_df: int, max_df: float) -> Any:
    """Weigh the tokens of every module, each row of length 1.

    Parameters
    ----------
    tokens : sequence of sequences of str, length n_modules
    min_df : int
        Modules that a token must be in.
    max_df : float
        Share of the modules that a token may be in; in ten it always may.

    Returns
    -------
    SciPy CSR array, shape (n_modules, n_tokens)
        Rows of modules without a token that counts are empty.
    """
    from scipy.sparse import csr_array
    from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

    nothing = csr_array((len(tokens), 0))
    if not any(tokens):
        return nothing
    counts = csr_array(CountVectorizer(analyzer=list).fit_transform(tokens))
    found_in = np.bincount(counts.indices, minlength=counts.shape[1])
    telling = (found_in >= min_df) & (found_in <= max(max_df * len(tokens), _FEW))
    if not telling.any():
        return nothing
    return csr_array(TfidfTransformer(sublinear_tf=True).fit_transform(counts[:, telling]))


def _column(catalog: Catalog, name: str) -> list[Any]:
    """Values of an optional column of the modules' table, None where there are none."""
    table = catalog.tables.get("modules")
    if table is None or name not in table.column_names:
        return [None] * catalog.n_modules
    values: list[Any] = table.column(name).to_pylist()
    return values
