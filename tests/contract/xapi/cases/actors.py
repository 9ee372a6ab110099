"""Agents: their identifier, their account, and what else they may say."""

from itertools import combinations
from typing import Any

from .case import Case, accepts, account, agent, agent_by, identifiers, rejects, statement, without
from .places import ACTORS, AGENTS

AGENT = "Data 2.4.2.1"
IDENTIFIER = "Data 2.4.2.3"
ACCOUNT = "Data 2.4.2.4"
IFIS = tuple(identifiers())


def faulty_agents() -> list[tuple[str, str, Any]]:
    """Section, fault and value of Agents with one fault that shows at every place."""
    return [
        (AGENT, "without an identifier", agent_by()),
        (AGENT, "that has only a name", agent_by(name="Mara")),
        (AGENT, "with a number as its objectType", agent(objectType=123)),
        (AGENT, "with an object as its objectType", agent(objectType={"key": "value"})),
        (AGENT, "with the objectType agent in small letters", agent(objectType="agent")),
        (AGENT, "with the objectType group in small letters", agent(objectType="group")),
        (AGENT, "with an unknown objectType", agent(objectType="Person")),
        (AGENT, "with a number as its name", agent(name=123)),
        (AGENT, "with an object as its name", agent(name={"key": "value"})),
        (AGENT, "with an unknown property", agent(email="mara@example.org")),
        (AGENT, "with members", agent(member=[agent()])),
        (IDENTIFIER, "whose mbox is an address without mailto", agent_by(mbox="mara@example.org")),
        (IDENTIFIER, "whose mbox is a web address", agent_by(mbox="http://should.fail.com")),
        (IDENTIFIER, "whose mbox has no at sign", agent_by(mbox="mailto:should.fail.com")),
        (IDENTIFIER, "whose mbox_sha1sum is an object", agent_by(mbox_sha1sum={"key": "value"})),
        (IDENTIFIER, "whose openid has a bad scheme", agent_by(openid="ab=c://should.fail.com")),
        (ACCOUNT, "whose account has no homePage", agent_by(account=without(account(), "homePage"))),
        (ACCOUNT, "whose account has no name", agent_by(account=without(account(), "name"))),
        (
            ACCOUNT,
            "whose account's homePage has a bad scheme",
            agent_by(account=account(homePage="ab=c://should.fail.com")),
        ),
        (ACCOUNT, "whose account's name is an object", agent_by(account=account(name={"key": "value"}))),
    ]


def faulty_identifiers() -> list[tuple[str, str, Any]]:
    """Section, fault and value of Agents with one fault, worth asking at one place."""
    sha1 = identifiers()["mbox_sha1sum"]
    return [
        (IDENTIFIER, "an mbox that is empty", agent_by(mbox="")),
        (IDENTIFIER, "an mbox that is mailto alone", agent_by(mbox="mailto:")),
        (IDENTIFIER, "an mbox without a domain", agent_by(mbox="mailto:mara@")),
        (IDENTIFIER, "an mbox without a name before the at sign", agent_by(mbox="mailto:@example.org")),
        (IDENTIFIER, "an mbox that is a number", agent_by(mbox=12345)),
        (IDENTIFIER, "an mbox that is a list", agent_by(mbox=["mailto:mara@example.org"])),
        (IDENTIFIER, "an mbox_sha1sum that is a number", agent_by(mbox_sha1sum=12345)),
        (IDENTIFIER, "an mbox_sha1sum that is empty", agent_by(mbox_sha1sum="")),
        (IDENTIFIER, "an mbox_sha1sum of 39 digits", agent_by(mbox_sha1sum=sha1[:39])),
        (IDENTIFIER, "an mbox_sha1sum of 41 digits", agent_by(mbox_sha1sum=sha1 + "0")),
        (IDENTIFIER, "an mbox_sha1sum with a letter beyond f", agent_by(mbox_sha1sum="g" + sha1[1:])),
        (IDENTIFIER, "an mbox_sha1sum that is the address itself", agent_by(mbox_sha1sum="mara@example.org")),
        (ACCOUNT, "an account that is a string", agent_by(account="mara-17")),
        (ACCOUNT, "an account that is a list", agent_by(account=[account()])),
        (ACCOUNT, "an account that is empty", agent_by(account={})),
        (ACCOUNT, "an account whose name is a number", agent_by(account=account(name=17))),
        (ACCOUNT, "an account with an unknown property", agent_by(account=account(id="17"))),
        (ACCOUNT, "an account with its homePage in another letter case", agent_by(account=_other_case())),
    ]


def _other_case() -> dict[str, Any]:
    return {"homepage": "https://lms.example.org", "name": "mara-17"}


CASES: tuple[Case, ...] = (
    *(
        accepts(
            AGENT,
            f"An Agent known by its {name} may be {place.name}.",
            place.put(agent_by(name)),
            place.versions,
        )
        for place in AGENTS
        for name in IFIS
    ),
    *(
        accepts(
            AGENT,
            f"An Agent needs no objectType as {place.name}.",
            place.put(without(agent_by("openid"), "objectType")),
            place.versions,
        )
        for place in ACTORS
    ),
    *(
        accepts(
            AGENT,
            f"An Agent may have a name as {place.name}.",
            place.put(agent(name="Mara Óskarsdóttir")),
            place.versions,
        )
        for place in AGENTS
    ),
    *(
        rejects(
            AGENT,
            f"An Agent has one identifier, not {first} and {second}, as {place.name}.",
            place.put(agent_by(first, second)),
            place.versions,
        )
        for place in AGENTS
        for first, second in combinations(IFIS, 2)
    ),
    *(
        rejects(section, f"An Agent {fault} may not be {place.name}.", place.put(faulty), place.versions)
        for place in AGENTS
        for section, fault, faulty in faulty_agents()
    ),
    *(
        rejects(section, f"An Agent may not have {fault}.", statement(actor=faulty))
        for section, fault, faulty in faulty_identifiers()
    ),
    rejects(AGENT, "An Agent may not have all four identifiers.", statement(actor=agent_by(*IFIS))),
    *(
        rejects(AGENT, f"{what} is not an Agent as {place.name}.", place.put(value), place.versions)
        for place in AGENTS
        for what, value in (
            ("A string", "should fail"),
            ("An object of other things", {"key": "should fail"}),
        )
    ),
    *(
        rejects("Data 2.4.2", f"The actor may not be {what}.", statement(actor=value))
        for what, value in (
            ("a number", 5),
            ("a list of Agents", [agent()]),
            ("an empty object", {}),
            ("an Activity", {"objectType": "Activity", "id": "http://example.org/activities/fractions"}),
            ("a StatementRef", {"objectType": "StatementRef", "id": "8f87ccde-bb56-4c2e-ab83-44982ef22df0"}),
        )
    ),
    rejects(
        AGENT,
        "An objectType that holds a piece of JSON text is not one.",
        statement(actor=agent(objectType='"objectType": "Agent"')),
    ),
    rejects(AGENT, "An objectType may not be empty.", statement(actor=agent(objectType=""))),
    accepts(
        IDENTIFIER,
        "An mbox may have dots, a plus and a subdomain.",
        statement(actor=agent_by(mbox="mailto:mara.oskarsdottir+xapi@mail.example.co.uk")),
    ),
    accepts(
        IDENTIFIER,
        "An mbox_sha1sum may be in capital letters.",
        statement(actor=agent_by(mbox_sha1sum=identifiers()["mbox_sha1sum"].upper())),
    ),
    accepts(
        ACCOUNT,
        "An account's name is any string, a mail address too.",
        statement(actor=agent_by(account=account(name="mara@example.org"))),
    ),
    accepts(AGENT, "An Agent's name may be empty.", statement(actor=agent(name=""))),
)
