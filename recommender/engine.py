"""The engine: a learner's state and a bundle become a ranked, explained list of modules."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from recommender.answer import Request, Words
from recommender.assessment import Assessment, AssessmentItem
from recommender.blocks.learners import LearnerBlock, started
from recommender.blocks.recommend import BlockRecommender
from recommender.blocks.standing import read_standing
from recommender.bundle import ModelBundle
from recommender.domain.catalog import Catalog
from recommender.domain.events import Event, to_seconds
from recommender.domain.gap import GapReport
from recommender.domain.learner import LearnerProfile
from recommender.domain.pathway import Pathway
from recommender.domain.recommendation import Fallback, Query, Recommendation, SkillMastery
from recommender.embeddings.histories import History
from recommender.errors import BundleError, ConfigurationError, InputError, UnknownIdError
from recommender.pathways.gap import GapRoles, gap_report
from recommender.pointer import read_pointer
from recommender.questions import asked_by_nobody, place_of, skill_masteries, target_role
from recommender.ranking.choose import Chooser
from recommender.ranking.eligibility import Rules
from recommender.skills.mastery import MasteryEstimate, Place
from recommender.skills.state import LearnerState, fold, update

if TYPE_CHECKING:
    from recommender.pathways.planner import Planner

Learner: TypeAlias = LearnerState | Iterable[Event] | None

_NOBODY = LearnerProfile(learner_id="")


class Engine:
    """Recommends from a bundle; holds nothing of any learner and is safe to share between threads.

    Parameters
    ----------
    bundle : ModelBundle
    """

    def __init__(self, bundle: ModelBundle) -> None:
        self.bundle = bundle
        self.catalog: Catalog = bundle.catalog
        self._rules = Rules.compile(bundle.catalog)
        self._preferences = bundle.preferences
        self._words = Words.of(bundle)
        self._chooser = Chooser.of(bundle.catalog, bundle.views, bundle.ranking, bundle.use)
        self._blocks = BlockRecommender(
            bundle, self._rules, self._preferences, self._chooser, self._words.difficulty
        )

    @classmethod
    def load(cls, path: Path | str, *, verify: bool = True) -> Engine:
        """Load a bundle.

        Parameters
        ----------
        path : Path or str
            The bundle's directory, or the pointer file that names it (``mlruns/champion.json``).
        verify : bool
            Check the hash of every file first.

        Raises
        ------
        BundleError
            It is missing, damaged, foreign, of another format, or not the one that the pointer names.
        """
        path = Path(path)
        if path.suffix != ".json":
            return cls(ModelBundle.open(path, verify=verify))
        pointer = read_pointer(path)
        bundle = ModelBundle.open(path.parent / pointer.bundle, verify=verify)
        if bundle.id != pointer.bundle_id:
            raise BundleError(
                f"{path} names bundle {pointer.bundle_id}, but {pointer.bundle} holds {bundle.id}; "
                "promote the model again"
            )
        return cls(bundle)

    def with_catalog(self, catalog: Catalog) -> Engine:
        """Make an engine of the same model for a changed catalogue, see `ModelBundle.with_catalog`."""
        return Engine(self.bundle.with_catalog(catalog))

    @property
    def bundle_id(self) -> str:
        """Hash of what was learned."""
        return self.bundle.id

    @property
    def difficulty_id(self) -> str:
        """Name of the difficulty table that states must be folded against."""
        return self.bundle.difficulty.id

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What is known of the bundle: dataset, configuration, metrics, packages."""
        return self.bundle.manifest

    def warm(self) -> None:
        """Compile what is compiled on first use, so that no request waits for it."""
        from recommender.skills.warm import warm_kernel

        warm_kernel()
        # Of no other day are there modules for sure.
        today = datetime.now(UTC)
        self.recommend(None, now=today)
        self.gaps(None, now=today)
        if self.catalog.roles.ids:
            from recommender.pathways.warm import warm_planner

            warm_planner()
            self.pathway(None, role_id=self.catalog.roles.ids[0], now=today)
        self._words.sequences.warm()

    def fold(self, events: Iterable[Event]) -> LearnerState:
        """State of one learner from all of their events, in any order."""
        return fold(events, self.bundle.difficulty)

    def update(self, state: LearnerState, event: Event) -> None:
        """Fold one more event into a state, in place.

        Raises
        ------
        LateEventError
            The event does not come after the state's newest one: fold all events again.
        """
        update(state, event, self.bundle.difficulty)

    def mastery(
        self, state: LearnerState, profile: LearnerProfile | None = None, *, now: datetime
    ) -> tuple[SkillMastery, ...]:
        """Mastery of every skill the learner answered or was taught, in the order of the catalogue."""
        estimate = self._estimate(state, self.place(profile), to_seconds(now))
        if estimate is None:
            return ()
        return skill_masteries(self.catalog, estimate)

    def gaps(
        self,
        learner: Learner,
        profile: LearnerProfile | None = None,
        *,
        role_id: str | None = None,
        now: datetime,
    ) -> GapReport:
        """Tell what a learner lacks for a role: `role_id`, else the target role, else the present one.

        Raises
        ------
        UnknownIdError
            `role_id` is not in the catalogue.
        """
        state = self._state(learner)
        profile, index = profile or _NOBODY, self.catalog.roles.index
        if role_id is not None and role_id not in index:
            raise UnknownIdError("role_id", role_id)
        place, target = self.place(profile), index.get(profile.target_role_id or "", -1)
        asked = target_role(self.catalog, profile, Query(target_role_id=role_id))
        block = LearnerBlock.of_one(
            state, role=place.role, segment=place.segment, target=asked, catalog=self.catalog
        )
        standing = read_standing(self.bundle, block, now=to_seconds(now))
        return gap_report(self.catalog, standing, GapRoles(asked, place.role, target), profile.learner_id)

    def recommend(
        self,
        learner: Learner,
        profile: LearnerProfile | None = None,
        query: Query | None = None,
        *,
        now: datetime,
        language: str = "en",
    ) -> Recommendation:
        """Recommend the next modules.

        Parameters
        ----------
        learner : LearnerState, iterable of Event or None
            What the learner did; None or nothing at all is a cold start from role, segment and popularity.
        profile : LearnerProfile, optional
        query : Query, optional
        now : datetime
            Aware.
        language : str
            Of the sentences, as a language tag; English where there are none in it.

        Raises
        ------
        UnknownIdError
            The query names a role or module that the catalogue does not hold.
        """
        state = self._state(learner)
        profile, query = profile or _NOBODY, query or Query()
        place, target, seconds = (
            self.place(profile),
            target_role(self.catalog, profile, query),
            to_seconds(now),
        )
        block = LearnerBlock.of_one(
            state, role=place.role, segment=place.segment, target=target, catalog=self.catalog
        )
        wanted = self._rules.wanted(query, profile.language)
        asked = self._rules.asked(query, (wanted,), seconds)
        history = block.histories[0]
        draws = self._draws(profile.learner_id, history, query, now)
        chosen = self._blocks.choose(block, query, asked, draws)
        modules = self._words.modules(
            Request(
                history=history,
                role=target,
                band=chosen.bands[0],
                language=language,
                choice=chosen.choice[0],
                reasons=chosen.reasons[0],
                weights=chosen.weights[0],
                codes=self._blocks.codes,
                mastery=chosen.mastery[0],
                shares=chosen.shares[0],
                view_weights=self._preferences.weights(history, seconds),
            )
        )
        fallback: Fallback | None = "cold_start" if state is None or state.n_events == 0 else None
        return Recommendation(
            learner_id=profile.learner_id,
            generated_at=now,
            bundle_id=self.bundle_id,
            fallback=fallback,
            modules=modules,
            empty_because=()
            if modules
            else self._blocks.why_empty(block, 0, chosen, query, profile.language, seconds),
        )

    def _draws(self, learner_id: str, history: History, query: Query, now: datetime) -> NDArray[np.float64]:
        if self._chooser.exploration == 0:
            return self._chooser.draws()
        who = learner_id or asked_by_nobody(self.catalog, history, query)
        return self._chooser.draws(self.bundle_id, who, now.astimezone(UTC).date().isoformat())

    def pathway(
        self,
        learner: Learner,
        profile: LearnerProfile | None = None,
        *,
        role_id: str | None = None,
        weekly_minutes: float | None = None,
        previous: Pathway | None = None,
        exclude: Collection[str] = (),
        now: datetime,
    ) -> Pathway:
        """Plan the way from here to a role.

        Parameters
        ----------
        learner, profile
            As in `recommend`.
        role_id : str, optional
            By default the profile's target role, else its role.
        weekly_minutes : float, optional
            At least 1; by default the profile's, else ``ranking.pathway.weekly_minutes``.
        previous : Pathway, optional
            Pathway to the same role, which is kept as far as it makes sense.
        exclude : collection of str
            Ids of modules that must not be in it.
        now : datetime

        Raises
        ------
        UnknownIdError
            The role or an excluded module is not in the catalogue.
        InputError
            No role is named, or the minutes are no number of at least 1.
        """
        from recommender.pathways.standing import Standing

        state = self._state(learner)
        if role_id is not None and role_id not in self.catalog.roles.index:
            raise UnknownIdError("role_id", role_id)
        role = target_role(self.catalog, profile := profile or _NOBODY, Query(target_role_id=role_id))
        if role < 0:
            raise InputError("role_id is None and the profile names no role of the catalogue; give a role_id")
        seconds = to_seconds(now)
        return self._planner.plan(
            Standing.of(self.bundle, state, self.place(profile), seconds),
            profile,
            role=role,
            weekly_minutes=weekly_minutes,
            previous=previous,
            exclude=exclude,
            now=seconds,
        )

    @cached_property
    def _planner(self) -> Planner:
        from recommender.pathways.planner import Planner

        return Planner.of(self.bundle, self._rules)

    def next_item(
        self,
        state: LearnerState | None,
        profile: LearnerProfile | None = None,
        *,
        skill_ids: Iterable[str] | None = None,
        given: Collection[str] = (),
        exposure: Mapping[str, float] | None = None,
        now: datetime,
        rng: np.random.Generator,
    ) -> AssessmentItem:
        """Pick the most informative item to assess now, and tell whether enough is known to stop.

        Parameters
        ----------
        state : LearnerState or None
        profile : LearnerProfile, optional
        skill_ids : iterable of str, optional
            Skills to assess; by default those of the target role, weighed by importance, else all.
        given : collection of str
            Items given in this test so far; their answers are in the state.
        exposure : mapping of str to float, optional
            Share of tests that each item was part of, [0, 1], 0 for one left out. An item above
            ``skills.assessment.max_exposure_rate``, at 1 no limit, waits while others of its skill are there.
        now : datetime
            Aware.
        rng : numpy.random.Generator
            Decides among the best few items, so that not everybody meets the same ones.

        Raises
        ------
        UnknownIdError
            A skill, or an item of `given` or `exposure`, is not in the catalogue.
        InputError
            The model was trained without attempts.
        """
        role = target_role(self.catalog, profile or _NOBODY, Query())
        return self._assessment.next(
            state,
            self.place(profile),
            weight=self._assessment.weights(role, skill_ids),
            given=given,
            exposure=exposure or {},
            now=to_seconds(now),
            rng=rng,
        )

    @cached_property
    def _assessment(self) -> Assessment:
        return Assessment(self.bundle)

    def _state(self, learner: Learner) -> LearnerState | None:
        return learner if isinstance(learner, LearnerState) or learner is None else self.fold(learner)

    def history(self, state: LearnerState | None, profile: LearnerProfile) -> History:
        """Modules of the catalogue the learner has started, oldest first, with role and segment."""
        place = self.place(profile)
        if state is None:
            return History.empty(place.role, place.segment)
        modules, at, _ = started(state, self.catalog)
        return History(modules, at, place.role, place.segment)

    def place(self, profile: LearnerProfile | None) -> Place:
        """Role and segment of a learner; without a segment that of the role."""
        return place_of(self.catalog, profile)

    def _estimate(self, state: LearnerState | None, place: Place, now: float) -> MasteryEstimate | None:
        if self.bundle.skills is None:
            return None
        return self.bundle.skills.mastery(state, self.catalog, now=now, place=place)

    def in_blocks(self) -> BlockRecommender:
        """Return what answers many learners at once with the numbers that `recommend` gives each of them.

        Raises
        ------
        ConfigurationError
            The model was trained to explore, which is not done in blocks.
        """
        if (chance := self.bundle.ranking.exploration) > 0:
            raise ConfigurationError(
                f"ranking.exploration is {chance:g}; only single calls explore: ask one learner at a "
                "time, or train with 0"
            )
        return self._blocks
