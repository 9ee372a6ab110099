"""The least minutes of a plan by OR-Tools' CP-SAT, which knows the problem's rules in its own words."""

from __future__ import annotations

from math import log

from ortools.sat.python import cp_model

from tests.property.plans import Case

SCALE = 1_000_000


def gain(rate: float) -> float:
    return -log(1 - rate)


def least_minutes(case: Case, seconds: float) -> tuple[float, float]:
    """Minutes of the best plan found and a lower bound of all, for skills brought as far as all modules can.

    Of variants and of modules that come last nothing is known here: cases must have none. Modules have places
    in an order, and what a module asks for must be gained at places before its own.
    """
    assert max(case.group, default=-1) < 0
    assert case.last < 0
    n, model = len(case.minutes), cp_model.CpModel()
    taken = [model.new_bool_var(f"x{m}") for m in range(n)]
    place = [model.new_int_var(0, n - 1, f"place{m}") for m in range(n)]
    before: dict[tuple[int, int], cp_model.IntVar] = {}

    def earlier(j: int, m: int) -> cp_model.IntVar:
        if (j, m) not in before:
            b = before[j, m] = model.new_bool_var(f"before{j},{m}")
            model.add_implication(b, taken[j])
            model.add(place[j] < place[m]).only_enforce_if(b)
        return before[j, m]

    def gained(s: int, found: dict[int, cp_model.IntVar]) -> cp_model.LinearExpr:
        return sum(round(gain(case.rate[j][s]) * SCALE) * x for j, x in found.items() if s in case.rate[j])

    for m in range(n):
        for needed in case.needs[m]:
            model.add(earlier(needed, m) >= taken[m])
        for s, level in case.asks[m].items():
            if level > case.mastery[s]:
                asked = log((1 - case.mastery[s]) / (1 - level))
                found = {j: earlier(j, m) for j in range(n) if j != m and s in case.rate[j]}
                model.add(gained(s, found) >= int(asked * SCALE) - n).only_enforce_if(taken[m])
    for s, weight in enumerate(case.weight):
        if weight > 0 and case.required[s] > case.mastery[s]:
            wanted = log((1 - case.mastery[s]) / (1 - case.required[s]))
            most = sum(gain(rates[s]) for rates in case.rate if s in rates)
            target = min(wanted, most)
            model.add(gained(s, dict(enumerate(taken))) >= int(target * SCALE) - n)
    model.minimize(sum(round(case.minutes[m] * 2) * taken[m] for m in range(n)))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = seconds
    status = solver.solve(model)
    assert status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return solver.objective_value / 2, solver.best_objective_bound / 2
