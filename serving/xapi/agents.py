"""Agents and groups (Data 2.4.2), and what identifies them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from serving.xapi.checks import Checks

IDENTIFIERS = ("mbox", "mbox_sha1sum", "openid", "account")
_AGENT = ("objectType", "name", *IDENTIFIERS)
_GROUP = (*_AGENT, "member")
_ACCOUNT = ("homePage", "name")
_FORMS = {"mbox": "mailbox", "mbox_sha1sum": "sha1", "openid": "iri"}


class Identity(NamedTuple):
    """What identifies somebody: who gave the name, and the name.

    Parameters
    ----------
    issuer : str
        The home page of an account, ``mailto``, ``mbox_sha1sum`` or ``openid``.
    name : str
        Of an account, a mail address, a hash, or an address.
    """

    issuer: str
    name: str


def identity(issuer: str, name: str) -> Identity:
    """Spell who somebody is as it is read out of statements.

    >>> identity("mailto", "mailto:Ann@Example.ORG")
    Identity(issuer='mailto', name='Ann@example.org')
    """
    if issuer == "mailto":
        return Identity(issuer, _mailbox(name))
    return Identity(issuer, name.lower() if issuer == "mbox_sha1sum" else name)


def identity_of(agent: Any) -> Identity | None:
    """Return what identifies an agent or a group; None of what is anonymous, or cannot be read.

    >>> identity_of({"mbox": "mailto:a@example.org"})
    Identity(issuer='mailto', name='a@example.org')
    >>> identity_of({"account": {"homePage": "https://lms.example.org", "name": "7"}})
    Identity(issuer='https://lms.example.org', name='7')
    """
    return next(identities_of(agent), None)


def identities_of(agent: Any) -> Iterator[Identity]:
    """Yield all that identifies an agent or a group; more than one thing only where rules were broken."""
    if not isinstance(agent, dict):
        return
    account, mbox = agent.get("account"), agent.get("mbox")
    if isinstance(account, dict):
        home, name = account.get("homePage"), account.get("name")
        if isinstance(home, str) and isinstance(name, str) and name:
            yield Identity(home, name)
    if isinstance(mbox, str):
        yield identity("mailto", mbox)
    for kind in ("mbox_sha1sum", "openid"):
        if isinstance(value := agent.get(kind), str):
            yield identity(kind, value)


def everybody_in(agent: Any) -> Iterator[Identity]:
    """Identities of an agent, or of a group and its members."""
    yield from identities_of(agent)
    members = agent.get("member") if isinstance(agent, dict) else None
    for member in members if isinstance(members, list) else ():
        yield from identities_of(member)


def is_group(agent: Any) -> bool:
    """Whether this says that it is a group."""
    return isinstance(agent, dict) and agent.get("objectType") == "Group"


def check_actor(value: Any, at: str, checks: Checks) -> None:
    """Check an agent or a group; without `objectType` it is an agent."""
    kind = value.get("objectType", "Agent") if isinstance(value, dict) else "Agent"
    if kind == "Group":
        check_group(value, at, checks)
    elif kind == "Agent":
        check_agent(value, at, checks)
    else:
        checks.one_of(kind, f"{at}.objectType", ("Agent", "Group"))


def check_agent(value: Any, at: str, checks: Checks) -> None:
    """Check an agent (Data 2.4.2.1)."""
    if not checks.members(value, at, _AGENT):
        return
    if "objectType" in value:
        checks.one_of(value["objectType"], f"{at}.objectType", ("Agent",))
    if _identified(value, at, checks) == 0:
        checks.wrong(at, "is not identified", f"send one of {', '.join(IDENTIFIERS)}")


def check_group(value: Any, at: str, checks: Checks) -> None:
    """Check a group, identified or anonymous (Data 2.4.2.2)."""
    if not checks.members(value, at, _GROUP, ("objectType",)):
        return
    if "objectType" in value:
        checks.one_of(value["objectType"], f"{at}.objectType", ("Group",))
    if _identified(value, at, checks) == 0 and not value.get("member"):
        checks.wrong(at, "has neither an identifier nor members", "send member, or an identifier")
    if "member" in value:
        checks.each(value["member"], f"{at}.member", lambda member, its: check_agent(member, its, checks))


def _identified(value: dict[str, Any], at: str, checks: Checks) -> int:
    """Check identifiers and name; how many identifiers there are."""
    found = [name for name in IDENTIFIERS if name in value]
    if len(found) > 1:
        checks.wrong(at, "is identified in more than one way", f"send one of {', '.join(found)}")
    for name in found:
        if name == "account":
            _check_account(value[name], f"{at}.account", checks)
        else:
            checks.form(value[name], f"{at}.{name}", _FORMS[name])
    if "name" in value:
        checks.text(value["name"], f"{at}.name")
    return len(found)


def _check_account(value: Any, at: str, checks: Checks) -> None:
    """Check an account (Data 2.4.2.4)."""
    if checks.members(value, at, _ACCOUNT, _ACCOUNT):
        if "homePage" in value:
            checks.form(value["homePage"], f"{at}.homePage", "iri")
        if "name" in value:
            checks.text(value["name"], f"{at}.name")


def _mailbox(mbox: str) -> str:
    """Return the address; its domain is the same in any case (Data 2.3.1)."""
    local, _, domain = mbox.removeprefix("mailto:").rpartition("@")
    return f"{local}@{domain.lower()}" if local else domain
