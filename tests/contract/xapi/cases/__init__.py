"""Which statements a learning record endpoint must accept and which it must reject, in xAPI 1.0.3 and 2.0.

The cases are ours; the rules are those of the specification and of the public conformance suite. Where the
two disagree, or where they leave something open, NOTES.md says what was taken and why.
"""

from . import (
    actors,
    attachments,
    authorities,
    context_agents,
    contexts,
    extensions,
    formatting,
    groups,
    interactions,
    iris,
    languages,
    objects,
    results,
    substatements,
    times_and_ids,
    verbs,
)
from .case import Case

MODULES = (
    formatting,
    times_and_ids,
    iris,
    languages,
    extensions,
    actors,
    groups,
    authorities,
    verbs,
    objects,
    substatements,
    interactions,
    results,
    contexts,
    context_agents,
    attachments,
)

CASES: tuple[Case, ...] = tuple(case for module in MODULES for case in module.CASES)

__all__ = ["CASES", "Case"]
