"""Skills that a text names: by their names and other names, whole words, the longest name first."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

Words: TypeAlias = tuple[str, ...]

# "C++" and "C#" are words of their own, else "C" would be found in them. Other signs keep words apart.
_WORD: Final = re.compile(r"\w+(?:\+\+|#)?|[^\w\s]")
_HYPHEN: Final = re.compile(r"(?<=\w)[-\u2010\u2011](?=\w)")


def words_of(text: str) -> Words:
    """Cut a text into words and signs, with small letters; a hyphen inside a word is a space.

    >>> words_of("Cross-validation, A/B testing; C++.")
    ('cross', 'validation', ',', 'a', '/', 'b', 'testing', ';', 'c++', '.')
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return tuple(_WORD.findall(_HYPHEN.sub(" ", plain)))


@dataclass(frozen=True, slots=True)
class SkillNames:
    """Names of skills, by their words.

    Parameters
    ----------
    skills : mapping of words to tuple of int
        Positions of the skills that have a name.
    lengths : mapping of str to tuple of int
        How many words the names have that begin with a word.
    """

    skills: Mapping[Words, tuple[int, ...]]
    lengths: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, names: Sequence[Iterable[str]]) -> SkillNames:
        """From the names of each skill; one without a word is none.

        >>> SkillNames.of([["SQL", "queries", ""], ["Queries"]]).skills
        {('sql',): (0,), ('queries',): (0, 1)}
        """
        found: dict[Words, tuple[int, ...]] = {}
        lengths: dict[str, set[int]] = {}
        for skill, its in enumerate(names):
            for words in map(words_of, its):
                if words and skill not in found.get(words, ()):
                    found[words] = (*found.get(words, ()), skill)
                    lengths.setdefault(words[0], set()).add(len(words))
        return cls(found, {word: tuple(sorted(its)) for word, its in lengths.items()})

    @property
    def n_shared(self) -> int:
        """Names that more than one skill has; each of those skills is found by it."""
        return sum(len(skills) > 1 for skills in self.skills.values())

    def find(self, text: str) -> set[int]:
        """Return positions of the skills that a text names.

        The longest name in the text, in words and then in letters, takes its words, then the next among
        those that are left; of equally long ones the first.

        >>> names = SkillNames.of([["data"], ["data quality"], ["Java"]])
        >>> sorted(names.find("Data-quality for JavaScript")), sorted(names.find("Quality data"))
        ([1], [0])
        """
        words = words_of(text)
        spans = [
            (start, start + length)
            for start, word in enumerate(words)
            for length in self.lengths.get(word, ())
            if words[start : start + length] in self.skills and start + length <= len(words)
        ]
        spans.sort(key=lambda span: (span[0] - span[1], -sum(map(len, words[slice(*span)])), span[0]))
        taken = [False] * len(words)
        found: set[int] = set()
        for start, stop in spans:
            if not any(taken[start:stop]):
                taken[start:stop] = [True] * (stop - start)
                found.update(self.skills[words[start:stop]])
        return found
