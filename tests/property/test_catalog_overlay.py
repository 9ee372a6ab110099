"""Whatever was put, in whatever order: what is served is a sound catalogue, and the same one."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.domain.catalog import Catalog
from recommender.domain.circles import circles
from serving.catalog.overlay import Applied, applied, first_faults
from serving.catalog.rows import Overlay, key_of, payload_of, read_payload
from serving.store.catalog import StoredRow

MODULES, SKILLS, ROLES = ("m1", "m2", "m3", "m4"), ("s1", "s2", "s3"), ("r1", "r2")
# A bundle that holds some of these, with a way from one module to another.
TRAINED = {
    "modules": pa.table({"module_id": ["m1", "m2"], "title": ["1", "2"], "skill_ids": [["s1"], []]}),
    "skills": pa.table({"skill_id": ["s1"], "name": ["1"]}),
    "prerequisites": pa.table({"module_id": ["m2"], "prerequisite_module_id": ["m1"]}),
    "roles": pa.table({"role_id": ["r1"], "title": ["1"]}),
    "role_skills": pa.table({"role_id": ["r1"], "skill_id": ["s1"], "required_mastery": [0.5]}),
    "items": pa.table({"item_id": ["i1"], "skill_ids": [["s1"]], "module_id": ["m1"]}),
}
module, skill, role = (st.sampled_from(ids) for ids in (MODULES, SKILLS, ROLES))
skills = st.lists(skill, max_size=2)
maybe = st.none


def rows(**cells: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(cells)


PUT = {
    "modules": rows(module_id=module, title=st.just("t"), skill_ids=skills, variant_of=maybe() | module),
    "skills": rows(skill_id=skill, name=st.just("n"), parent_skill_id=maybe() | skill),
    "prerequisites": rows(module_id=module, prerequisite_module_id=module)
    | rows(module_id=module, prerequisite_skill_id=skill, required_mastery=st.just(0.5)),
    "roles": rows(role_id=role, title=st.just("t")),
    "role_skills": rows(role_id=role, skill_id=skill, required_mastery=st.sampled_from([0.2, 0.9])),
    "items": rows(item_id=st.sampled_from(["i1", "i2"]), skill_ids=skills, module_id=maybe() | module),
}
put = st.sampled_from(list(PUT)).flatmap(lambda table: st.tuples(st.just(table), PUT[table], st.booleans()))
history = st.lists(put, max_size=12)


def stored(changes: list[tuple[str, dict[str, Any], bool]]) -> list[StoredRow]:
    """Rows as they are stored after these changes, the last of each key."""
    found = {}
    for revision, (table, row, removed) in enumerate(changes, start=1):
        gone = removed and table in ("prerequisites", "role_skills", "items")
        key = key_of(table, row)
        payload = payload_of(table, row, removed=gone)
        found[table, key] = StoredRow(table_name=table, row_key=key, revision=revision, payload=payload)
    return list(found.values())


def content(result: Applied) -> dict[str, list[dict[str, Any]]]:
    return {name: table.to_pylist() for name, table in result.tables.items()}


@given(history, st.randoms())
@settings(max_examples=300)
def test_the_result_does_not_depend_on_the_order_of_rows(
    changes: list[tuple[str, dict[str, Any], bool]], random: Any
) -> None:
    some = stored(changes)
    shuffled = random.sample(some, len(some))
    one, other = (applied(TRAINED, Overlay.of(its, 9)) for its in (some, shuffled))
    assert content(one) == content(other)
    assert one.unused == other.unused


@given(history)
@settings(max_examples=300)
def test_the_result_is_sound_and_laying_the_same_over_again_changes_nothing(
    changes: list[tuple[str, dict[str, Any], bool]],
) -> None:
    overlay = Overlay.of(stored(changes), 9)
    once = applied(TRAINED, overlay)
    again = applied(once.tables, overlay)
    assert content(again) == content(once)
    assert again.unused == once.unused
    # What names nothing is refused here.
    catalog = Catalog.from_tables(once.tables)
    needs = zip(*(once.tables["prerequisites"].column(n).to_pylist() for n in (0, 1)), strict=True)
    edges: dict[str, dict[str, int]] = {}
    for number, (start, end) in enumerate(needs):
        if end is not None:
            edges.setdefault(start, {})[end] = number
    assert circles(edges) == []
    assert set(catalog.module_ids) >= {"m1", "m2"}


@given(history)
@settings(max_examples=300)
def test_every_row_is_either_there_as_put_or_told(changes: list[tuple[str, dict[str, Any], bool]]) -> None:
    some = stored(changes)
    result = applied(TRAINED, Overlay.of(some, 9))
    told = {(row.table, row.key) for row in result.unused}
    there = {(table, key_of(table, row)): row for table, its in content(result).items() for row in its}
    for its in some:
        place, row = (its.table_name, its.row_key), read_payload(its.payload)
        if place in told:
            continue
        if row is None:
            assert place not in there
            continue
        kept = {name: cell for name, cell in there[place].items() if cell is not None}
        if its.table_name == "items" and "skill_ids" not in row:
            kept.pop("skill_ids", None)
        assert kept == row


@given(history)
@settings(max_examples=300)
def test_a_row_that_is_accepted_is_used_and_one_that_is_refused_would_not_be(
    changes: list[tuple[str, dict[str, Any], bool]],
) -> None:
    """As the store takes them: one change after the other, each against all before."""
    accepted: list[tuple[str, dict[str, Any], bool]] = []
    for change in changes:
        overlay = Overlay.of(stored([*accepted, change]), 9)
        newest = len(accepted) + 1
        found = first_faults(TRAINED, overlay.rows, newest)
        told = {(row.table, row.key) for row in applied(TRAINED, overlay).unused}
        place = change[0], key_of(change[0], change[1])
        assert (place in found) == (place in told)
        if not found:
            accepted.append(change)
            assert told == set()
