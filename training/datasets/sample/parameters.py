"""Every number that people of the simulated organisation live by, and where its size comes from.

A size has a source where the literature measures it, else it is chosen, and says what for where that is not
plain. *Planted* sizes are what tests and reports must find again. `docs/guides/simulation.md` compares what
comes out with real data.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

GROWTH: Final = 0
"""Logistic growth with forgetting by a power law."""
STATES: Final = 1
"""A skill is not there, working or fluent, and moves between the three by chance."""
LEARNER_MODELS: Final = {"growth": GROWTH, "states": STATES}
"""Learner models by the name that the command line knows."""

WEEKS_PER_MONTH: Final = 52 / 12
CHECK_WEEKS: Final = (0, 26, 52, 104)
"""Weeks after joining in which skills are checked: a baseline, then after 6, 12 and 24 months."""


class LearningParameters(NamedTuple):
    """How hidden skills move; levels are in [0, 1], hours are hours of study.

    Parameters
    ----------
    growth_rate : float
        Logistic growth of a level per hour at the best difficulty. Chosen so that an hour of study comes to
        about .8 logits, .6 standard deviations over people, before it fades; over studies of training in
        organisations what is learned is .63 deviations (Arthur et al. 2003, Journal of Applied Psychology
        88:234).
    ceilings : tuple of 3 floats
        Level that beginner, intermediate and advanced modules can bring a skill to: the carrying capacity of
        the growth. Chosen.
    best_success, fit_width, fit_floor : float
        Learning is fastest where the learner succeeds at `best_success`, and falls off as a Gaussian; what is
        far off still teaches `fit_floor` of it. Wilson et al. (2019, Nature Communications 10:4646) derive
        .85 for a family of learning machines; .8 is chosen, in the middle of what tutors aim at. Width and
        floor are chosen.
    unready_gain : float
        Share of the gain that is left when no prerequisite is met. Chosen.
    forgetting_unit_days : float
        Unit of time of the power law (1 + t / unit) ** -decay (Wickelgren 1974; Wixted & Ebbesen 1991); each
        skill's decay makes half of a gain fade in its half-life.
    spacing : float
        Each further week with practice divides the decay by 1 + `spacing` more: distributed practice is
        forgotten more slowly (Cepeda et al. 2006). Chosen.
    kept : float
        Share of a gain that never fades (the asymptote of Averell & Heathcote 2011). Chosen.
    testing_hours : float
        Study that answering one item is worth (testing effect, Roediger & Karpicke 2006). Chosen.
    learn_rate : float
        Of the model of states: rate per hour of moving up one state at the best difficulty; a probability of
        .22 in ten minutes. Chosen.
    state_levels : tuple of 3 floats
        Level of each of the states.
    """

    growth_rate: float = 2.2
    ceilings: tuple[float, float, float] = (0.58, 0.8, 0.97)
    best_success: float = 0.8
    fit_width: float = 0.25
    fit_floor: float = 0.35
    unready_gain: float = 0.45
    forgetting_unit_days: float = 14.0
    spacing: float = 0.12
    kept: float = 0.35
    testing_hours: float = 0.03
    learn_rate: float = 1.5
    state_levels: tuple[float, float, float] = (0.12, 0.5, 0.88)


class ResponseParameters(NamedTuple):
    """How items are answered: a 3PL with slip (Birnbaum 1968; Barton & Lord 1981), abilities in logits.

    Parameters
    ----------
    spread : float
        Logits between a level of 0 and one of 1. Chosen.
    asked : float
        Share of a module's items that one pass through it asks. Chosen: quizzes draw from pools.
    retry : float
        Probability of trying a failed item once more at once. Chosen; immediate repeats are common wherever
        platforms allow them.
    retry_boost : float
        Logits that having seen the feedback adds. Chosen.
    tempo_deviation : float
        Of the log of how long somebody takes for a module beyond its stated minutes. Chosen.
    item_minutes : float
        Median minutes an item takes; log-normal with deviation .5 (van der Linden 2006). Chosen.
    """

    spread: float = 4.4
    asked: float = 0.55
    retry: float = 0.35
    retry_boost: float = 0.7
    tempo_deviation: float = 0.25
    item_minutes: float = 1.2


class ActivityParameters(NamedTuple):
    """When people learn, and when they stop; rates on the logit scale are a week's.

    Parameters
    ----------
    base : float
        Logit of learning in an ordinary week, at average motivation. Chosen for the events per learner.
    habit : float
        Added after a week with learning, halved by every week without. Chosen.
    fade : float
        Lost per log(1 + weeks since joining): use falls off after the start of a programme.
    busy, busy_share : float
        Lost in a busy week of the team, and the share of weeks that are busy. Chosen.
    lag : float
        Lost by the lagging cohort, always. Planted.
    drop_out : float
        Weekly probability of leaving the programme for good, at average motivation. Chosen: with turnover,
        three in five of those who join at the start are gone after three years.
    abandon : float
        Logit of giving up a module when coming back to it in a later week. Chosen for the completion rate.
    abandon_per_fail : float
        Added per answer in a row that failed. Chosen.
    check_participation : float
        Probability of taking part in a skill check, falling by a seventh from check to check. Chosen.
    check_when_gone : float
        Factor of that for those who have left the programme and not the organisation. Chosen.
    check_items : int
        Items of one skill check.
    abandon_noted : float
        Share of modules given up that the platform hears of. Chosen.
    rated : float
        Share of finished modules that are rated. Chosen.
    """

    base: float = -1.0
    habit: float = 0.9
    fade: float = 0.28
    busy: float = 1.1
    busy_share: float = 0.18
    lag: float = 1.0
    drop_out: float = 0.0036
    abandon: float = -1.05
    abandon_per_fail: float = 0.55
    check_participation: float = 0.85
    check_when_gone: float = 0.45
    check_items: int = 12
    abandon_noted: float = 0.4
    rated: float = 0.3


class ChoiceParameters(NamedTuple):
    """What makes somebody start a module: terms of a utility, chosen by a multinomial logit (McFadden 1974).

    Parameters
    ----------
    gap : float
        Per unit of need, importance times gap to the present or target role, over the module's skills.
    popularity : float
        Per log unit of the module's popularity in the segment.
    spotlight : float
        While the organisation puts the module forward.
    peers : float
        Per log(1 + colleagues of the team who finished it lately).
    follows : float
        When the module before leads to this one.
    difficulty : float
        Lost per squared distance of the expected success from the best one, in units of .25.
    format : float
        Per unit of the learner's own liking for the format, a standard normal.
    minutes : float
        Lost per log unit by which the module is longer than two weeks' budget.
    fresh : float
        For a module published in the last three months.
    variant : float
        For the easier variant after a failed original, the harder one after an easy pass.
    unready : float
        Lost when no prerequisite is met.
    test : float
        For an assessment, which few take for its own sake.
    repeat : float
        Of taking a finished module again once its skills have faded.
    core : float
        Assigned core: added to the beginner modules of the AI-fluency core in the first half year.
    noise : float
        Scale of the Gumbel noise. Chosen.
    """

    gap: float = 10.0
    popularity: float = 0.8
    spotlight: float = 1.2
    peers: float = 0.8
    follows: float = 3.3
    difficulty: float = 0.5
    format: float = 0.45
    minutes: float = 0.5
    fresh: float = 0.7
    variant: float = 1.5
    unready: float = 2.0
    test: float = -0.4
    repeat: float = -1.0
    core: float = 1.6
    noise: float = 0.75


class PeopleParameters(NamedTuple):
    """Who the people are.

    Parameters
    ----------
    ability_deviation : float
        Of the general ability, in logits.
    domain_deviation, skill_deviation : float
        Of what is added per domain and per skill, in logits.
    pace_deviation : float
        Of the log of the learning rate: learners differ about twofold (chosen; Koedinger et al. 2023, PNAS
        120:e2221311120, find rates far more alike than starting points).
    motivation_deviation : float
        In logits of weekly activity.
    weekly_minutes : float
        Median minutes of a week in which somebody learns; deviation of the log .5. Over all weeks it comes to
        less than the 24 minutes that Bersin (2014, "Meet the modern learner") gives for a working week.
    hired_during : float
        Share of people who are hired during the simulated time.
    yearly_turnover : float
        Share who leave in a year.
    comparison_share : float
        Share of teams that join only after half of the time: the comparison group.
    lagging_share : float
        Share of teams in the lagging cohort.
    site_gap : float
        Logits of ability that people at the site ``south`` have less at the start. Planted.
    part_time_minutes : float
        Factor of weekly minutes of those with a part-time contract. Planted.
    """

    ability_deviation: float = 0.85
    domain_deviation: float = 0.3
    skill_deviation: float = 0.35
    pace_deviation: float = 0.3
    motivation_deviation: float = 0.95
    weekly_minutes: float = 100.0
    hired_during: float = 0.3
    yearly_turnover: float = 0.12
    comparison_share: float = 0.25
    lagging_share: float = 0.12
    site_gap: float = 0.4
    part_time_minutes: float = 0.6


class MeasureParameters(NamedTuple):
    """What is measured beside learning.

    Parameters
    ----------
    self_level, self_slope : float
        A self-assessment is `self_level` + `self_slope` times the truth, and noise: the weak over-estimate
        themselves and the strong are modest (Kruger & Dunning 1999). With `self_noise` its correlation with
        the truth is near the .29 that Zell & Krizan (2014) find over meta-analyses.
    self_noise : float
        Deviation of a self-assessment.
    adoption_rate : float
        Log of uses a quarter of somebody without the skill.
    adoption_slope : float
        Added per unit of mastery. Planted.
    adoption_fade : float
        Lost of the log of uses per log(1 + quarters since joining): what is new wears off.
    outcome_effect : float
        Points of the team's output index per unit of mean mastery in the skills of its role. Planted.
    outcome_noise : float
        Monthly deviation of the index.
    hourly_cost : float
        Cost of an hour of learning, in the organisation's currency.
    """

    self_level: float = 0.35
    self_slope: float = 0.35
    self_noise: float = 0.25
    adoption_rate: float = 1.2
    adoption_slope: float = 2.4
    adoption_fade: float = 0.1
    outcome_effect: float = 22.0
    outcome_noise: float = 2.5
    hourly_cost: float = 42.0


class Parameters(NamedTuple):
    """All of them."""

    learning: LearningParameters = LearningParameters()
    response: ResponseParameters = ResponseParameters()
    activity: ActivityParameters = ActivityParameters()
    choice: ChoiceParameters = ChoiceParameters()
    people: PeopleParameters = PeopleParameters()
    measures: MeasureParameters = MeasureParameters()


def as_row(part: Any) -> NDArray[np.void]:
    """Return parameters as an array of one record, which compiled code reads by name; it keeps them alive.

    Examples
    --------
    >>> float(as_row(ResponseParameters())[0]["spread"])
    4.4
    """
    fields: list[Any] = [
        (name, "f8", (len(value),)) if isinstance(value, tuple) else (name, "f8")
        for name, value in part._asdict().items()
    ]
    return np.array([tuple(part)], np.dtype(fields))
