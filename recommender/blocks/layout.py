"""What compiled code reads of a bundle, laid out once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from recommender.bundle import ModelBundle
from recommender.domain.catalog import Catalog
from recommender.domain.recommendation import ReasonCode
from recommender.ranking.choose import Chooser
from recommender.ranking.eligibility import Rules
from recommender.ranking.gain import Need
from recommender.ranking.preferences import Preferences
from recommender.ranking.value import ADDED


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Arguments of `recommender.blocks.kernel`, whose classes say what is in them.

    `asked` are `required`, `importance` and `priority` of `kernel.Skills`; `typical` are the arguments of
    `kernel.module_success`, None without a skill model.
    """

    needs: Any
    asked: tuple[Any, Any, Any]
    typical: tuple[Any, Any, Any, Any] | None
    weights: Any
    order: Any
    numbers: Any
    codes: tuple[ReasonCode, ...]

    @classmethod
    def of(cls, bundle: ModelBundle, rules: Rules, preferences: Preferences, chooser: Chooser) -> Layout:
        """Lay out a bundle with what was compiled from it."""
        from recommender.blocks import kernel

        catalog, value, of = bundle.catalog, bundle.ranking.value, rules.requirements
        codes = tuple(dict.fromkeys((*preferences.codes, *ADDED)))
        typical = None
        if bundle.skills is not None:
            items = bundle.skills.typical_
            shares = items.skills
            typical = (shares.indptr, shares.indices, shares.data, items.harder)
        return cls(
            needs=kernel.Needs(
                of.module, of.needed_module, of.needed_skill, of.required_mastery, of.hard, of.count
            ),
            asked=_asked(catalog),
            typical=typical,
            weights=kernel.Weights(
                value.difficulty,
                value.gap,
                value.readiness,
                value.unlocking,
                value.review,
                value.learning_rate,
                bundle.ranking.difficulty.falloff,
            ),
            order=_order(catalog, chooser),
            numbers=kernel.Codes(
                np.array([codes.index(code) for code in preferences.codes], np.int64),
                np.array([codes.index(code) for code in ADDED], np.int64),
                len(codes),
            ),
            codes=codes,
        )


def _asked(catalog: Catalog) -> tuple[Any, Any, Any]:
    needs = [Need.of_role(catalog, role) for role in (*range(len(catalog.roles.ids)), -1)]
    return (
        np.array([need.required for need in needs]),
        np.array([need.importance for need in needs]),
        np.array([need.priority for need in needs]),
    )


def _order(catalog: Catalog, chooser: Chooser) -> Any:
    from recommender.blocks.kernel import Order

    group = catalog.variant_group
    members = np.argsort(group, kind="stable")
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(group, minlength=len(group)))])
    alike = chooser.alike
    like = (chooser.diversity, alike.start, alike.modules, alike.weights)
    return Order(chooser.id_rank, group, start, members, *like)
