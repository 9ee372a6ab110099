"""The authority: an Agent, or the anonymous Group of an application and its user."""

from .case import (
    NEW,
    OLD,
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
    substatement,
)

AUTHORITY = "Data 2.4.9"


def consumer() -> dict[str, object]:
    """The Agent of an application that signs in by OAuth."""
    return {"account": account(homePage="https://lrs.example.org/oauth/token", name="consumer-75")}


def user() -> dict[str, object]:
    """The Agent of a person, without objectType."""
    return {"mbox": "mailto:mara@example.org"}


CASES: tuple[Case, ...] = (
    accepts(
        AUTHORITY,
        "An authority may be the anonymous Group of an application and a user.",
        statement(authority=anonymous_group(consumer(), user())),
    ),
    accepts(
        AUTHORITY,
        "The user may come before the application in an authority.",
        statement(authority=anonymous_group(user(), consumer())),
    ),
    accepts(
        AUTHORITY,
        "Both Agents of an authority may be known by their account.",
        statement(authority=anonymous_group(consumer(), agent_by("account"))),
    ),
    rejects(
        AUTHORITY,
        "An authority of one member is too few.",
        statement(authority=anonymous_group(consumer())),
    ),
    rejects(
        AUTHORITY,
        "An authority of three members is too many.",
        statement(authority=anonymous_group(consumer(), user(), agent(mbox="mailto:noor@example.org"))),
    ),
    rejects(AUTHORITY, "An authority that is a Group has members.", statement(authority=group_by())),
    rejects(
        AUTHORITY,
        "An authority of no members is too few.",
        statement(authority=group_by(member=[])),
    ),
    rejects(
        AUTHORITY,
        "An authority does not list a Group.",
        statement(authority=anonymous_group(consumer(), group_by("mbox"))),
    ),
    rejects(
        AUTHORITY,
        "The members of an authority are a list.",
        statement(authority=group_by(member=consumer())),
    ),
    rejects(
        AUTHORITY,
        "An authority of two Agents has one that is known by its account.",
        statement(authority=anonymous_group(agent(), agent(mbox="mailto:noor@example.org"))),
        OLD,
    ),
    *(
        rejects(
            AUTHORITY,
            f"An authority of two members is anonymous, it has no {name}.",
            statement(authority=group_by(name, member=[consumer(), user()])),
        )
        for name in identifiers()
    ),
    *(
        rejects(
            AUTHORITY,
            f"An authority is no identified Group, even with {name} and without members.",
            statement(authority=group_by(name)),
        )
        for name in identifiers()
    ),
    rejects(
        AUTHORITY,
        "A named, identified Group of two ordinary Agents is no authority.",
        statement(
            authority=group_by(
                "mbox", name="Room 3", member=[agent(), agent(mbox="mailto:noor@example.org", name="Noor")]
            )
        ),
    ),
    rejects(
        "Data 2.4.4.3",
        "A SubStatement has no authority, whoever it is.",
        statement(object=substatement(authority=agent_by("account"))),
    ),
    accepts(
        "4.2.2",
        "An authority may be an Agent known by the account of a service.",
        statement(authority=agent_by(account=account(homePage="https://lrs.example.org", name="intake"))),
        NEW,
    ),
)
