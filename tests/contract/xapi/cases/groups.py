"""Groups: identified or anonymous, their members, and the team that must be one."""

from itertools import combinations
from typing import Any

from .case import (
    Case,
    accepts,
    account,
    agent,
    agent_by,
    anonymous_group,
    group_by,
    identifiers,
    rejects,
    statement,
    without,
)
from .places import GROUPS

GROUP = "Data 2.4.2.2"
IDENTIFIER = "Data 2.4.2.3"
ACCOUNT = "Data 2.4.2.4"
IFIS = tuple(identifiers())
TEAMS = tuple(place for place in GROUPS if place.name.startswith(("the team", "the group")))


def faulty_groups() -> list[tuple[str, str, Any]]:
    """Section, fault and value of Groups with one fault that shows at every place."""
    return [
        (GROUP, "with neither identifier nor members", group_by()),
        (GROUP, "with only a name", group_by(name="Fractions, room 3")),
        (GROUP, "that is anonymous with an empty list of members", group_by(member=[])),
        (GROUP, "whose member is one Agent, not a list", group_by(member=agent())),
        (
            GROUP,
            "that is identified and whose member is one Agent, not a list",
            group_by("mbox", member=agent()),
        ),
        (GROUP, "whose member is a string", group_by(member="mailto:mara@example.org")),
        (GROUP, "that lists a string as a member", group_by(member=[agent(), "mailto:mara@example.org"])),
        (GROUP, "that lists an Agent without identifier", group_by(member=[agent(), agent_by(name="Mara")])),
        (
            GROUP,
            "that lists an Agent with two identifiers",
            group_by(member=[agent(), agent_by("mbox", "openid")]),
        ),
        (GROUP, "that lists an anonymous Group", group_by(member=[agent(), anonymous_group()])),
        (GROUP, "that lists an identified Group", group_by(member=[group_by("account")])),
        (GROUP, "that is identified and lists a Group", group_by("openid", member=[group_by("account")])),
        (GROUP, "with the objectType group in small letters", anonymous_group(objectType="group")),
        (GROUP, "with a number as its name", anonymous_group(name=123)),
        (GROUP, "with an object as its name", anonymous_group(name={"en": "Room 3"})),
        (GROUP, "with an unknown property", anonymous_group(size=2)),
        (IDENTIFIER, "whose mbox is a web address", group_by(mbox="http://should.fail.com")),
        (IDENTIFIER, "whose mbox has no at sign", group_by(mbox="mailto:should.fail.com")),
        (IDENTIFIER, "whose mbox_sha1sum is an object", group_by(mbox_sha1sum={"key": "value"})),
        (IDENTIFIER, "whose openid has a bad scheme", group_by(openid="ab=c://should.fail.com")),
        (ACCOUNT, "whose account has no homePage", group_by(account=without(account(), "homePage"))),
        (ACCOUNT, "whose account has no name", group_by(account=without(account(), "name"))),
        (
            ACCOUNT,
            "whose account's homePage has a bad scheme",
            group_by(account=account(homePage="ab=c://should.fail.com")),
        ),
        (ACCOUNT, "whose account's name is an object", group_by(account=account(name={"key": "value"}))),
    ]


CASES: tuple[Case, ...] = (
    *(
        accepts(
            GROUP,
            f"A Group known by its {name} may be {place.name}.",
            place.put(group_by(name)),
            place.versions,
        )
        for place in GROUPS
        for name in IFIS
    ),
    *(
        accepts(
            GROUP,
            f"An identified Group may list members as {place.name}.",
            place.put(group_by("account", name="Room 3", member=[agent(), agent_by("openid")])),
            place.versions,
        )
        for place in GROUPS
    ),
    *(
        accepts(
            GROUP, f"An anonymous Group may be {place.name}.", place.put(anonymous_group()), place.versions
        )
        for place in GROUPS
    ),
    *(
        rejects(
            GROUP,
            f"A Group has one identifier, not {first} and {second}, as {place.name}.",
            place.put(group_by(first, second)),
            place.versions,
        )
        for place in GROUPS
        for first, second in combinations(IFIS, 2)
    ),
    *(
        rejects(section, f"A Group {fault} may not be {place.name}.", place.put(faulty), place.versions)
        for place in GROUPS
        for section, fault, faulty in faulty_groups()
    ),
    *(
        rejects(
            GROUP,
            f"Members alone, without the objectType Group, are no Group as {place.name}.",
            place.put(without(anonymous_group(), "objectType")),
            place.versions,
        )
        for place in GROUPS
    ),
    *(
        rejects("Data 2.4.6", f"{what} may not be {place.name}.", place.put(value), place.versions)
        for place in TEAMS
        for what, value in (
            ("An Agent", agent_by("account")),
            ("An Agent without objectType", without(agent_by("account"), "objectType")),
            ("A string instead of a Group", "should fail"),
            ("An object of other things instead of a Group", {"key": "should fail"}),
            ("A list with a Group", [group_by("account")]),
        )
    ),
    accepts(
        GROUP,
        "A Group may list the same Agent twice.",
        statement(actor=anonymous_group(agent(), agent())),
    ),
    accepts(
        GROUP,
        "A Group may list members without objectType.",
        statement(actor=anonymous_group(*({name: value} for name, value in identifiers().items()))),
    ),
)
