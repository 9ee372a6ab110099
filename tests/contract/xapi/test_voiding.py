"""Voiding: a statement that is declared invalid, and what can still be seen of it."""

import pytest

from tests.contract.xapi.statements import (
    ONE,
    TWO,
    VOIDED,
    activity,
    both_versions,
    changed,
    fetch,
    ids_of,
    keep,
    listed,
    new_id,
    pages,
    ref,
    statement,
    substatement,
    verb,
    voiding,
)

VOIDING = pytest.mark.xapi("Data 2.3.2", "2.0 4.2.5")
VOIDED_READ = pytest.mark.xapi("Communication 2.1.4", "2.0 4.1.6.1 Voided Statements")


def status(lrs, version, statement_id):
    """Return what the two ways of asking for one Statement answer."""
    return (
        lrs.get(version=version, statementId=statement_id).status_code,
        lrs.get(version=version, voidedStatementId=statement_id).status_code,
    )


VALID, GONE = (200, 404), (404, 200)


@VOIDING
@both_versions
def test_a_voided_statement_is_found_by_voided_statement_id_only(lrs, version):
    """A voided Statement is 404 by statementId and whole by voidedStatementId."""
    (target,) = keep(lrs, statement(), version=version)
    before = fetch(lrs, target, version=version)
    assert status(lrs, version, target) == VALID
    keep(lrs, voiding(target), version=version)
    assert status(lrs, version, target) == GONE
    assert lrs.get(version=version, voidedStatementId=target).json() == before


@VOIDING
@both_versions
@pytest.mark.parametrize("method", ["post", "put", "batch"])
def test_every_way_of_storing_voids(lrs, version, method):
    """A voiding Statement has its effect however it arrives."""
    (target,) = keep(lrs, statement(), version=version)
    sent = voiding(target, id=new_id())
    if method == "put":
        assert lrs.put(sent, sent["id"], version=version).status_code == 204
    else:
        assert lrs.post(sent if method == "post" else [statement(), sent], version=version).status_code == 200
    assert status(lrs, version, target) == GONE
    assert status(lrs, version, sent["id"]) == VALID


@VOIDED_READ
@both_versions
def test_lists_leave_out_the_voided_and_show_the_voiding(lrs, version):
    """A list has the voiding Statement, never the voided one."""
    target, other = keep(lrs, statement(), statement(), version=version)
    (void,) = keep(lrs, voiding(target), version=version)
    assert listed(lrs, version=version) == [void, other]
    assert listed(lrs, version=version, ascending="true") == [other, void]
    assert listed(lrs, version=version, limit=1) == [void]
    assert listed(lrs, version=version, verb=VOIDED) == [void]


@VOIDED_READ
@both_versions
def test_who_refers_to_the_voided_is_still_found(lrs, version):
    """A filter that the voided Statement met finds those who refer to it, the voiding one among them."""
    word = verb("targeted")
    (target,) = keep(lrs, statement(verb=word), version=version)
    void, referrer = keep(lrs, voiding(target), statement(verb=word, object=ref(target)), version=version)
    assert listed(lrs, version=version, verb=word["id"]) == [referrer, void]
    assert listed(lrs, version=version, verb=word["id"], limit=1) == [referrer]
    since = "2012-06-01T19:09:13.245Z"
    assert listed(lrs, version=version, verb=word["id"], since=since) == [referrer, void]
    assert listed(lrs, version=version, verb=word["id"], until=since) == []


@VOIDED_READ
@both_versions
def test_the_way_leads_through_the_voided(lrs, version):
    """A reference to a voided Statement that refers to a match is a match as well."""
    (match,) = keep(lrs, statement(object=activity("exam")), version=version)
    (middle,) = keep(lrs, statement(object=ref(match)), version=version)
    (outer,) = keep(lrs, statement(object=ref(middle)), version=version)
    (void,) = keep(lrs, voiding(middle), version=version)
    assert listed(lrs, version=version, activity=activity("exam")["id"]) == [void, outer, match]


@VOIDED_READ
@both_versions
def test_who_refers_to_the_voided_is_in_lists(lrs, version):
    """Statements that refer to a voided one are not voided with it."""
    (target,) = keep(lrs, statement(), version=version)
    (referrer,) = keep(lrs, statement(object=ref(target), verb=verb("confirmed")), version=version)
    (void,) = keep(lrs, voiding(target), version=version)
    assert listed(lrs, version=version) == [void, referrer]
    assert status(lrs, version, referrer) == VALID


@VOIDED_READ
@both_versions
def test_voided_statements_take_no_place_in_pages(lrs, version):
    """Pages are filled with what is left after voiding."""
    kept = keep(lrs, *(statement() for _ in range(6)), version=version)
    for target in kept[1:5]:
        keep(lrs, voiding(target), version=version)
    found = pages(lrs, version=version, limit=2, verb=verb()["id"], ascending="true")
    assert ids_of(found[0]) == [kept[0], kept[5]]


@VOIDING
@both_versions
def test_voiding_twice_is_voiding(lrs, version):
    """A Statement may be voided again; it stays voided, and both voiding Statements are kept."""
    (target,) = keep(lrs, statement(), version=version)
    first, second = keep(lrs, voiding(target), voiding(target), version=version)
    assert status(lrs, version, target) == GONE
    assert listed(lrs, version=version) == [second, first]


@VOIDING
@both_versions
def test_a_voiding_statement_cannot_be_voided(lrs, version):
    """Voiding a voiding Statement has no effect: it stays, and so does what it did."""
    (target,) = keep(lrs, statement(), version=version)
    (void,) = keep(lrs, voiding(target), version=version)
    (vain,) = keep(lrs, voiding(void), version=version)
    assert status(lrs, version, void) == VALID
    assert status(lrs, version, target) == GONE
    assert listed(lrs, version=version) == [vain, void]


@VOIDING
@both_versions
def test_a_statement_may_be_voided_before_it_arrives(lrs, version):
    """Voiding an unknown id is accepted, and the Statement is voided when it comes."""
    awaited = new_id()
    (void,) = keep(lrs, voiding(awaited), version=version)
    assert status(lrs, version, awaited) == (404, 404)
    keep(lrs, statement(id=awaited), version=version)
    assert status(lrs, version, awaited) == GONE
    assert listed(lrs, version=version) == [void]


@VOIDING
@both_versions
def test_a_voiding_statement_may_be_aimed_at_before_it_arrives(lrs, version):
    """A voiding Statement is not voided either when the one aimed at it came first."""
    awaited = new_id()
    (target,) = keep(lrs, statement(), version=version)
    keep(lrs, voiding(awaited), voiding(target, id=awaited), version=version)
    assert status(lrs, version, awaited) == VALID
    assert status(lrs, version, target) == GONE


@VOIDING
@both_versions
@pytest.mark.parametrize("order", [1, -1], ids=["target first", "voiding first"])
def test_target_and_voiding_in_one_batch(lrs, version, order):
    """A batch may bring both, in either order."""
    target = statement(id=new_id())
    void = voiding(target["id"], id=new_id())
    assert lrs.post([target, void][::order], version=version).status_code == 200
    assert status(lrs, version, target["id"]) == GONE
    assert listed(lrs, version=version) == [void["id"]]


@VOIDING
@both_versions
def test_a_refused_batch_voids_nothing(lrs, version):
    """A voiding Statement in a batch that is refused has no effect."""
    (target,) = keep(lrs, statement(), version=version)
    batch = [voiding(target), changed(statement(), "verb.id", "no iri")]
    assert lrs.post(batch, version=version).status_code == 400
    assert status(lrs, version, target) == VALID


@VOIDING
@both_versions
def test_only_the_voided_verb_voids(lrs, version):
    """A reference with any other verb voids nothing."""
    (target,) = keep(lrs, statement(), version=version)
    near = {"id": VOIDED.replace("adlnet.gov", "example.com")}
    keep(
        lrs,
        statement(object=ref(target), verb=near),
        statement(object=ref(target), verb=near | {"display": {"en": "voided"}}),
        version=version,
    )
    assert status(lrs, version, target) == VALID


@VOIDING
@both_versions
def test_a_substatement_voids_nothing(lrs, version):
    """Only a Statement of its own voids, not one inside another."""
    (target,) = keep(lrs, statement(), version=version)
    inner = substatement(verb={"id": VOIDED}, object=ref(target))
    keep(lrs, statement(verb=verb("planned"), object=inner), version=version)
    assert status(lrs, version, target) == VALID


@VOIDING
@both_versions
@pytest.mark.parametrize(
    "thing",
    [activity(), {"id": activity()["id"]}, substatement(), {"objectType": "StatementRef"}, {"id": new_id()}],
    ids=["activity", "activity by default", "substatement", "reference without id", "id without type"],
)
def test_a_voiding_statement_must_refer_to_a_statement(lrs, version, thing):
    """The object of a voiding Statement is a StatementRef with an id; anything else is 400."""
    assert lrs.post(changed(voiding(new_id()), "object", thing), version=version).status_code == 400
    assert listed(lrs, version=version) == []


@VOIDING
@both_versions
def test_a_voided_statement_still_holds_its_id(lrs, version):
    """The same Statement again changes nothing; another one under the id is a conflict."""
    sent = statement(id=new_id())
    keep(lrs, sent, version=version)
    keep(lrs, voiding(sent["id"]), version=version)
    assert lrs.put(sent, sent["id"], version=version).status_code == 204
    assert lrs.put(statement(verb=verb("other")), sent["id"], version=version).status_code == 409
    assert status(lrs, version, sent["id"]) == GONE


@VOIDING
@both_versions
def test_a_voided_statement_may_be_issued_again(lrs, version):
    """Under a new id the same content is a Statement like any other."""
    (target,) = keep(lrs, statement(), version=version)
    (void,) = keep(lrs, voiding(target), version=version)
    (again,) = keep(lrs, statement(), version=version)
    assert listed(lrs, version=version) == [again, void]


@VOIDING
@pytest.mark.parametrize(("first", "second"), [(ONE, TWO), (TWO, ONE)])
def test_voiding_reaches_across_versions(lrs, first, second):
    """A Statement of one version may be voided by a Statement of the other."""
    (target,) = keep(lrs, statement(), version=first)
    keep(lrs, voiding(target), version=second)
    assert status(lrs, first, target) == GONE
    assert status(lrs, second, target) == GONE
