"""A dataset's recommendations and feedback, as the store keeps them; by the row, for they belong together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from recommender.domain.events import to_seconds
from serving.dataset_reader import SourceTable
from serving.evidence import RowRules, too_far_ahead
from serving.faults import faults_of
from serving.feedback import feedback_payload, unknown_module
from serving.history_places import Place, number_id
from serving.problems import Fault
from serving.schemas.history import FeedbackRow, RecommendationRow
from serving.store.events import LoggedEvent
from serving.store.recommendations import LoggedModule, LoggedRecommendation

FEEDBACK_TABLE, FEEDBACK_KIND = "feedback", "feedback"
Answers = Mapping[str, LoggedRecommendation]

_Row = TypeVar("_Row", bound=BaseModel)


def read_answers(table: SourceTable | None, rules: RowRules, reasons: list[str]) -> Answers:
    """Put answers together of the rows of their modules, best first; what is wrong goes to `reasons`.

    An answer without a time was made when it is received, one without a bundle has the bundle "".
    """
    found: dict[str, LoggedRecommendation] = {}
    for place, row in _rows(table, RecommendationRow, rules, reasons):
        begun = LoggedRecommendation(
            recommendation_id=row.recommendation_id,
            learner_id=row.learner_id,
            generated_at=to_seconds(row.occurred_at or rules.received_at),
            bundle_id=row.bundle_id or "",
            simulated=None,
            modules=(),
        )
        so_far = found.setdefault(row.recommendation_id, begun)
        if fault := _contradiction(so_far, begun, row.module_id, row.rank):
            reasons.append(place.sentence(fault))
            continue
        module = LoggedModule(
            module_id=row.module_id,
            rank=row.rank,
            score=row.score,
            success_probability=row.success_probability,
            propensity=row.propensity,
        )
        ranked = sorted((*so_far.modules, module), key=lambda m: m.rank)
        found[row.recommendation_id] = so_far._replace(modules=tuple(ranked))
    return found


def read_feedback(
    table: SourceTable | None, answers: Answers, rules: RowRules, reasons: list[str]
) -> Iterator[tuple[int, LoggedEvent]]:
    """Feedback as events of whom the answers were for, with row numbers; what is wrong goes to `reasons`."""
    for place, row in _rows(table, FeedbackRow, rules, reasons):
        answer = answers.get(row.recommendation_id)
        if answer is None:
            message = "recommendation_id is in no row of the table recommendations and not in the store"
            fault = Fault(
                "recommendation_id", message, "add the recommendation that it is about", row.recommendation_id
            )
            reasons.append(place.sentence(fault))
        elif wrong := unknown_module(answer, row.module_id):
            reasons.append(place.sentence(wrong))
        else:
            yield (
                place.row,
                LoggedEvent(
                    event_id=row.event_id,
                    learner_id=answer.learner_id,
                    kind=FEEDBACK_KIND,
                    occurred_at=None if row.occurred_at is None else to_seconds(row.occurred_at),
                    received_at=to_seconds(rules.received_at),
                    payload=feedback_payload(answer, row.event_id, row.kind, row.module_id),
                ),
            )


def _rows(
    table: SourceTable | None, schema: type[_Row], rules: RowRules, reasons: list[str]
) -> Iterator[tuple[Place, _Row]]:
    """Rows that keep to their schema and are not of the future."""
    if table is None:
        return
    numbered = {"event_id"} & schema.model_fields.keys()
    for number, cells in enumerate(table.rows(), start=1):
        place = Place(table.name, number)
        try:
            row = schema.model_validate({**{n: number_id(table.name, number) for n in numbered}, **cells})
        except ValidationError as error:
            reasons += [place.sentence(fault) for fault in faults_of(error.errors(include_url=False))]
            continue
        at = getattr(row, "occurred_at", None)
        if late := too_far_ahead(at, rules.received_at, rules.future_tolerance_seconds):
            reasons.append(place.sentence(late))
            continue
        yield place, row


def _contradiction(
    so_far: LoggedRecommendation, row: LoggedRecommendation, module_id: str, rank: int
) -> Fault | None:
    names = {"learner_id": "learner_id", "bundle_id": "bundle_id", "generated_at": "occurred_at"}
    for name, column in names.items():
        if getattr(so_far, name) != getattr(row, name):
            message = (
                f"{column} is not that of the rows before with recommendation_id {row.recommendation_id!r}"
            )
            return Fault(column, message, "give all modules of one answer the same, or another id")
    if any(module.rank == rank for module in so_far.modules):
        return Fault("rank", "rank is twice in one answer", "number its modules from 1, each once", rank)
    if any(module.module_id == module_id for module in so_far.modules):
        return Fault("module_id", "module_id is twice in one answer", "keep one row a module", module_id)
    return None
