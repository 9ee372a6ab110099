"""The places of a statement where a part of one kind may stand, so that a rule can be asked at each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .case import (
    BOTH,
    NEW,
    account,
    activity,
    agent,
    agent_by,
    anonymous_group,
    attachment,
    context_agent,
    context_group,
    defined,
    statement,
    statement_ref,
    substatement,
    verb,
)

Put = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a statement.

    Parameters
    ----------
    name
        How the place reads in a sentence.
    put
        Gives a whole statement, valid but for what was put there.
    versions
        The versions of xAPI that know the place.
    """

    name: str
    put: Put
    versions: tuple[str, ...] = BOTH

    @property
    def sentence(self) -> str:
        """The name at the beginning of a sentence."""
        return self.name[0].upper() + self.name[1:]


def within(part: Any) -> dict[str, Any]:
    """A statement whose object is this SubStatement."""
    return statement(object=part)


def components(description: Any) -> dict[str, Any]:
    """A choice with one component, which is described so."""
    return defined(interactionType="choice", choices=[{"id": "half", "description": description}])


STATEMENTS = (
    Place("a statement", lambda changes: statement(**changes)),
    Place("a SubStatement", lambda changes: within(substatement(**changes))),
)

AGENTS = (
    Place("the actor", lambda part: statement(actor=part)),
    Place("the object", lambda part: statement(object=part)),
    Place("the instructor", lambda part: statement(context={"instructor": part})),
    Place("the authority", lambda part: statement(authority=part)),
    Place("the member of a Group", lambda part: statement(actor=anonymous_group(part))),
    Place("the actor of a SubStatement", lambda part: within(substatement(actor=part))),
    Place("the object of a SubStatement", lambda part: within(substatement(object=part))),
    Place(
        "the instructor in a SubStatement", lambda part: within(substatement(context={"instructor": part}))
    ),
    Place(
        "the agent of a contextAgent",
        lambda part: statement(context={"contextAgents": [context_agent(agent=part)]}),
        NEW,
    ),
)

GROUPS = (
    Place("the actor", lambda part: statement(actor=part)),
    Place("the object", lambda part: statement(object=part)),
    Place("the instructor", lambda part: statement(context={"instructor": part})),
    Place("the team", lambda part: statement(context={"team": part})),
    Place("the actor of a SubStatement", lambda part: within(substatement(actor=part))),
    Place("the object of a SubStatement", lambda part: within(substatement(object=part))),
    Place(
        "the instructor in a SubStatement", lambda part: within(substatement(context={"instructor": part}))
    ),
    Place("the team in a SubStatement", lambda part: within(substatement(context={"team": part}))),
    Place(
        "the group of a contextGroup",
        lambda part: statement(context={"contextGroups": [context_group(group=part)]}),
        NEW,
    ),
)

VERBS = (
    Place("a statement", lambda part: statement(verb=part)),
    Place("a SubStatement", lambda part: within(substatement(verb=part))),
)

ACTIVITIES = (
    Place("the object", lambda part: statement(object=part)),
    Place("the object of a SubStatement", lambda part: within(substatement(object=part))),
    Place(
        "a contextActivity in a list",
        lambda part: statement(context={"contextActivities": {"parent": [part]}}),
    ),
    Place(
        "a contextActivity on its own",
        lambda part: statement(context={"contextActivities": {"grouping": part}}),
    ),
)

DEFINED = ACTIVITIES[:3]

RESULTS = (
    Place("a statement", lambda part: statement(result=part)),
    Place("a SubStatement", lambda part: within(substatement(result=part))),
)

CONTEXTS = (
    Place("a statement", lambda part: statement(context=part)),
    Place("a SubStatement", lambda part: within(substatement(context=part))),
)

ATTACHMENTS = (
    Place("a statement", lambda part: statement(attachments=part)),
    Place("a SubStatement", lambda part: within(substatement(attachments=part))),
)

EXTENSIONS = (
    Place("an activity", lambda part: statement(object=defined(extensions=part))),
    Place("a result", lambda part: statement(result={"extensions": part})),
    Place("a context", lambda part: statement(context={"extensions": part})),
    Place(
        "the activity of a SubStatement",
        lambda part: within(substatement(object=defined(extensions=part))),
    ),
    Place("the result of a SubStatement", lambda part: within(substatement(result={"extensions": part}))),
    Place("the context of a SubStatement", lambda part: within(substatement(context={"extensions": part}))),
)

UUIDS = (
    Place("the statement's id", lambda part: statement(id=part)),
    Place("the id of a StatementRef", lambda part: statement(object=statement_ref(id=part))),
    Place("the registration", lambda part: statement(context={"registration": part})),
    Place("the context's statement", lambda part: statement(context={"statement": statement_ref(id=part)})),
    Place(
        "the id of a StatementRef in a SubStatement",
        lambda part: within(substatement(object=statement_ref(id=part))),
    ),
    Place(
        "the registration in a SubStatement",
        lambda part: within(substatement(context={"registration": part})),
    ),
    Place(
        "the context's statement in a SubStatement",
        lambda part: within(substatement(context={"statement": statement_ref(id=part)})),
    ),
)

TIMESTAMPS = (
    Place("the timestamp", lambda part: statement(timestamp=part)),
    Place("the timestamp of a SubStatement", lambda part: within(substatement(timestamp=part))),
    Place("stored", lambda part: statement(stored=part)),
)

LANGUAGE_MAPS = (
    Place("the verb's display", lambda part: statement(verb=verb(display=part))),
    Place("the activity's name", lambda part: statement(object=defined(name=part))),
    Place("the activity's description", lambda part: statement(object=defined(description=part))),
    Place("the description of a component", lambda part: statement(object=components(part))),
    Place("the display of an attachment", lambda part: statement(attachments=[attachment(display=part)])),
    Place(
        "the description of an attachment",
        lambda part: statement(attachments=[attachment(description=part)]),
    ),
    Place("the verb's display in a SubStatement", lambda part: within(substatement(verb=verb(display=part)))),
    Place(
        "the activity's name in a SubStatement", lambda part: within(substatement(object=defined(name=part)))
    ),
    Place(
        "the activity's description in a SubStatement",
        lambda part: within(substatement(object=defined(description=part))),
    ),
    Place(
        "the description of a component in a SubStatement",
        lambda part: within(substatement(object=components(part))),
    ),
)

LANGUAGES = (
    Place("the context's language", lambda part: statement(context={"language": part})),
    Place(
        "the context's language in a SubStatement",
        lambda part: within(substatement(context={"language": part})),
    ),
)

IRLS = (
    Place(
        "the homePage of a member's account",
        lambda part: statement(actor=anonymous_group(agent(), agent_by(account=account(homePage=part)))),
    ),
    Place("moreInfo", lambda part: statement(object=defined(moreInfo=part))),
    Place("fileUrl", lambda part: statement(attachments=[attachment(fileUrl=part)])),
    Place("moreInfo in a SubStatement", lambda part: within(substatement(object=defined(moreInfo=part)))),
)

URIS = (
    Place(
        "the openid of a member",
        lambda part: statement(actor=anonymous_group(agent(), agent_by(openid=part))),
    ),
)

IRIS = (
    Place("the verb's id", lambda part: statement(verb=verb(id=part))),
    Place("the activity's id", lambda part: statement(object=activity(id=part))),
    Place("the activity's type", lambda part: statement(object=defined(type=part))),
    Place("usageType", lambda part: statement(attachments=[attachment(usageType=part)])),
    Place(
        "the id of a contextActivity",
        lambda part: statement(context={"contextActivities": {"category": [activity(id=part)]}}),
    ),
    Place("the verb's id in a SubStatement", lambda part: within(substatement(verb=verb(id=part)))),
    Place("the activity's id in a SubStatement", lambda part: within(substatement(object=activity(id=part)))),
    Place(
        "the activity's type in a SubStatement", lambda part: within(substatement(object=defined(type=part)))
    ),
    Place(
        "a relevantType of a contextAgent",
        lambda part: statement(context={"contextAgents": [context_agent(relevantTypes=[part])]}),
        NEW,
    ),
    Place(
        "a relevantType of a contextGroup",
        lambda part: statement(context={"contextGroups": [context_group(relevantTypes=[part])]}),
        NEW,
    ),
)

ACTORS = tuple(place for place in AGENTS if place.name not in {"the object", "the object of a SubStatement"})
