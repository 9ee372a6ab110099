"""`more`: the rest of a result, page by page."""

from urllib.parse import urlsplit

import pytest

from tests.contract.xapi.statements import (
    THROUGH_HEADER,
    VERSION_HEADER,
    activity,
    agent,
    both_versions,
    follow,
    ids_of,
    keep,
    listed,
    new_id,
    pages,
    parts_of,
    statement,
    verb,
    voiding,
)

MORE = pytest.mark.xapi("Data 2.5", "2.0 4.2.4.3")
REGISTRATION = new_id()


def half_passed(n):
    """Return a statement of a run in which every second one is by bob, passed, of the exam and registered."""
    if n % 2:
        return statement()
    context = {"registration": REGISTRATION, "contextActivities": {"parent": [activity("course")]}}
    return statement(actor=agent("bob"), verb=verb("passed"), object=activity("exam"), context=context)


def all_ids(found):
    return [one for page in found for one in ids_of(page)]


@MORE
@both_versions
def test_pages_together_are_the_whole(lrs, version):
    """Following `more` to its end gives every Statement once, in order."""
    kept = keep(lrs, *(statement() for _ in range(7)), version=version)
    found = pages(lrs, version=version, limit=3)
    assert all_ids(found) == kept[::-1]
    assert [len(page["statements"]) for page in found] == [3, 3, 1]


@MORE
@both_versions
def test_more_is_a_path(lrs, version):
    """`more` is a relative IRL: the full path, perhaps a query, but no scheme, host or port."""
    keep(lrs, statement(), statement(), version=version)
    more = lrs.get(version=version, limit="1").json()["more"]
    assert not urlsplit(more).scheme
    assert not urlsplit(more).netloc
    assert urlsplit(more).path.startswith("/xapi/")
    assert not set(more) & set(' \n"<>')


@MORE
@both_versions
@pytest.mark.parametrize("limit", [2, 3, 0])
def test_more_is_empty_when_nothing_is_left(lrs, version, limit):
    """`more` is the empty string if the result is complete, also if the limit was just reached."""
    keep(lrs, statement(), statement(), version=version)
    answer = lrs.get(version=version, limit=str(limit)).json()
    assert len(answer["statements"]) == 2
    assert answer["more"] == ""


@MORE
@both_versions
def test_the_next_page_is_a_statement_result(lrs, version):
    """What `more` leads to follows the same rules: `statements`, `more` and the headers."""
    keep(lrs, *(statement() for _ in range(3)), version=version)
    answer = follow(lrs, lrs.get(version=version, limit="1").json()["more"], version=version)
    assert answer.status_code == 200
    assert answer.json().keys() == {"statements", "more"}
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.headers[VERSION_HEADER] == version
    assert THROUGH_HEADER in answer.headers


KEPT = {
    "agent": {"agent": agent("bob")},
    "verb": {"verb": verb("passed")["id"]},
    "activity": {"activity": activity("exam")["id"]},
    "registration": {"registration": REGISTRATION},
    "related activity": {"activity": activity("course")["id"], "related_activities": "true"},
    "related agent": {"agent": agent("bob"), "related_agents": "true"},
}


@MORE
@both_versions
@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("ascending", ["true", "false"])
def test_pages_keep_filter_order_and_limit(lrs, version, name, ascending):
    """Every page is of the same query: same filter, same order, same size."""
    wanted = keep(lrs, *(half_passed(n) for n in range(10)), version=version)[::2]
    found = pages(lrs, version=version, limit=2, ascending=ascending, **KEPT[name])
    assert all_ids(found) == (wanted if ascending == "true" else wanted[::-1])
    assert [len(page["statements"]) for page in found] == [2, 2, 1]


@MORE
@both_versions
def test_pages_keep_since_and_until(lrs, version):
    """Every page keeps to the bounds of the query."""
    keep(lrs, *(statement() for _ in range(9)), version=version)
    times = [one["stored"] for one in lrs.get(version=version).json()["statements"]]
    bounds = {"since": times[7], "until": times[1]}
    assert all_ids(pages(lrs, version=version, limit=1, **bounds)) == listed(lrs, version=version, **bounds)


@MORE
@both_versions
def test_pages_keep_the_format(lrs, version):
    """Every page is in the format of the query."""
    keep(lrs, *(statement() for _ in range(3)), version=version)
    for page in pages(lrs, version=version, limit=1, format="ids"):
        assert [one["verb"] for one in page["statements"]] == [{"id": verb()["id"]}]


@MORE
@both_versions
def test_pages_choose_languages_as_each_request_asks(lrs, version):
    """In canonical format every page looks at the Accept-Language of its own request."""
    display = {"en": "passed", "de": "bestanden"}
    keep(lrs, *(statement(verb=verb("passed") | {"display": display}) for _ in range(3)), version=version)
    for language in display:
        headers = {"Accept-Language": language}
        for page in pages(lrs, version=version, headers=headers, limit=1, format="canonical"):
            assert page["statements"][0]["verb"]["display"] == {language: display[language]}


@MORE
@both_versions
def test_pages_keep_attachments(lrs, version):
    """A query with attachments=true is answered in parts on every page."""
    kept = keep(lrs, *(statement() for _ in range(3)), version=version)
    answer = lrs.get(version=version, limit="1", attachments="true")
    assert answer.headers["Content-Type"].startswith("multipart/mixed")
    assert all_ids(pages(lrs, version=version, limit=1, attachments="true")) == kept[::-1]
    assert len(parts_of(answer)) == 1


@MORE
@both_versions
def test_statements_of_one_batch_are_paged_without_loss(lrs, version):
    """Statements with the same stored time are neither lost nor repeated between pages."""
    sent = {
        one for _ in range(2) for one in lrs.post([statement() for _ in range(10)], version=version).json()
    }
    for ascending in ("true", "false"):
        found = all_ids(pages(lrs, version=version, limit=3, ascending=ascending))
        assert len(found) == 20
        assert set(found) == sent


@MORE
@both_versions
@pytest.mark.parametrize("ascending", ["true", "false"])
def test_what_arrives_between_pages_moves_none(lrs, version, ascending):
    """New Statements neither repeat nor hide those that the query had found."""
    kept = keep(lrs, *(statement() for _ in range(6)), version=version)
    first = lrs.get(version=version, limit="2", ascending=ascending).json()
    keep(lrs, *(statement() for _ in range(3)), version=version)
    second = follow(lrs, first["more"], version=version).json()
    expected = kept if ascending == "true" else kept[::-1]
    assert ids_of(first) + ids_of(second) == expected[:4]


@MORE
@both_versions
def test_what_is_voided_between_pages_moves_none(lrs, version):
    """Voiding a Statement of an earlier page loses none of the later ones."""
    kept = keep(lrs, *(statement() for _ in range(6)), version=version)
    first = lrs.get(version=version, limit="2").json()
    keep(lrs, voiding(kept[5]), version=version)
    second = follow(lrs, first["more"], version=version).json()
    assert ids_of(second) == [kept[3], kept[2]]


@MORE
@both_versions
def test_a_link_can_be_followed_again(lrs, version):
    """`more` stays usable: the same link gives the same page twice."""
    keep(lrs, *(statement() for _ in range(4)), version=version)
    more = lrs.get(version=version, limit="2").json()["more"]
    assert follow(lrs, more, version=version).json() == follow(lrs, more, version=version).json()


@pytest.mark.xapi("Communication 4.0", "2.0 4.1.8")
@both_versions
def test_a_link_is_no_key(lrs, version):
    """`more` asks for credentials like any other request."""
    keep(lrs, statement(), statement(), version=version)
    more = lrs.get(version=version, limit="1").json()["more"]
    assert follow(lrs, more, headers={"Authorization": None}, version=version).status_code == 401


@pytest.mark.xapi("Communication 3.3", "2.0 4.1.7")
@both_versions
def test_a_link_asks_for_the_version(lrs, version):
    """`more` without the version header is refused with 400."""
    keep(lrs, statement(), statement(), version=version)
    more = lrs.get(version=version, limit="1").json()["more"]
    assert follow(lrs, more, headers={VERSION_HEADER: None}).status_code == 400
