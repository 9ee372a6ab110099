"""The demo's second story: somebody on the way to another role, in a simulated organisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from serving.commands.demo_choice import SHOWN, DemoData, choose_module, fail
from serving.commands.demo_client import DemoClient, Json, Standing
from serving.commands.demo_people import Organisation, Person
from serving.commands.demo_role_tables import gaps_table, pathway_table, towards_table
from serving.commands.demo_server import DemoError
from serving.commands.demo_story import NOBODY, Telling, tell_answers
from serving.commands.demo_tables import side_by_side


@dataclass(frozen=True, slots=True)
class Crossroads:
    """A person, and what comes next for the role they want and for the one they have.

    Parameters
    ----------
    towards : Standing
        As answered for the target role.
    staying : list of dict
        Next modules as answered for the present role.
    n_tried : int
        Of how many people, this one included, the answers were compared.
    """

    person: Person
    towards: Standing
    staying: list[Json]
    n_tried: int

    @property
    def parts(self) -> bool:
        """Whether the two roles lead to other modules, not only to another order."""
        return _ids(self.towards.modules) != _ids(self.staying)


def find_crossroads(data: DemoData, movers: Sequence[Person], client: DemoClient) -> Crossroads:
    """Return the first person whose next modules are not the same for both roles, else the last one.

    Raises
    ------
    DemoError
        If nobody has modules with items ahead.
    """
    found = None
    for n_tried, person in enumerate(movers, start=1):
        towards = client.standing(person.learner_id, SHOWN)
        if not any(data.items_of(module) for module in towards.modules):
            continue
        staying = client.recommend(person.learner_id, SHOWN, role_id=person.role_id)["recommendations"]
        found = Crossroads(person, towards, staying, n_tried)
        if found.parts:
            break
    if found is None:
        raise DemoError(
            f"the demo found nobody in {data.name} with modules still ahead; "
            "give a dataset with attempts, items and modules"
        )
    return found


def tell_role(telling: Telling, organisation: Organisation, movers: Sequence[Person]) -> Person:
    """Show where somebody stands to the role they want, and what leads there; return whom."""
    at = find_crossroads(telling.data, movers, telling.client)
    person, console = at.person, telling.console
    target = organisation.title(person.target_role_id)
    telling.heading(f"{organisation.title(person.role_id)}, wants to become {target}")
    console.print(_how_chosen(at), highlight=False)
    console.print(_who(person, organisation.team_minutes(person.team_id)), highlight=False)
    console.print(gaps_table(f"Gaps to {target}", organisation, person.target_role_id, at.towards))
    console.print(towards_table(f"Next, towards {target}", organisation, at.towards.modules))
    way = telling.client.pathway(person.learner_id, person.target_role_id)
    console.print(pathway_table(f"The whole way to {target}", way))
    console.print(
        side_by_side(
            "Does the role matter? The same request for both",
            at.staying,
            at.towards.modules,
            headings=("for the present role", "for the target role"),
        )
    )
    module = choose_module(telling.data, at.towards)
    opening = fail(telling.data, telling.client, person.learner_id, at.towards, module, n_tried=at.n_tried)
    tell_answers(telling, opening)
    stranger = telling.client.recommend(NOBODY, SHOWN, role_id=person.target_role_id)
    telling.heading(f"A newcomer with the same aim (fallback: {stranger['fallback']})")
    console.print(towards_table(f"First steps towards {target}", organisation, stranger["recommendations"]))
    return person


def _how_chosen(at: Crossroads) -> str:
    learner = f"Learner {at.person.learner_id}"
    if not at.parts:
        return f"{learner}: for nobody of those looked at do the two roles lead to other modules."
    return (
        f"{learner}: the first, of {at.n_tried} looked at, whose next modules differ between the two roles."
    )


def _who(person: Person, team_minutes: float | None) -> str:
    team = "" if team_minutes is None else f" (the median of their team: {team_minutes:.0f})"
    return f"{person.n_completed} modules finished; {person.weekly_minutes:.0f} minutes a week{team}."


def _ids(modules: Sequence[Json]) -> set[str]:
    return {module["module_id"] for module in modules}
