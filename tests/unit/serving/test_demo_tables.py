import pytest
from rich.console import Console

from serving.commands.demo_role_tables import pathway_table
from serving.commands.demo_tables import percents, reasons_table


@pytest.mark.parametrize(
    ("weights", "shown"),
    [
        ([], []),
        ([1.0], [100]),
        ([0.335, 0.335, 0.33], [34, 33, 33]),
        ([0.996, 0.002, 0.002], [100, 0, 0]),
        # Three of more reasons: what is not shown is not made up for.
        ([0.394, 0.36, 0.232], [40, 36, 23]),
    ],
)
def test_shares_add_up_to_what_they_are(weights: list[float], shown: list[int]) -> None:
    assert percents(weights) == shown


def test_a_module_without_reasons_says_so() -> None:
    module = {"rank": 1, "title": "Fractions", "success_probability": None, "reasons": []}
    console = Console(width=100)
    with console.capture() as shown:
        console.print(reasons_table("Next", [module]))
    assert "nothing speaks for it strongly" in shown.get()


def test_a_way_is_shown_as_far_as_it_fits_with_where_it_leads() -> None:
    step = {"starts_week": 1, "ends_week": 2, "title": "Fractions", "minutes": 45.0, "why": "gap"}
    later = step | {"starts_week": 3, "ends_week": 3, "title": "Sums", "why": "review"}
    way = {"steps": [step, *[later] * 9], "weeks": 12, "weekly_minutes": 60.0}
    way |= {"readiness": 0.61, "readiness_expected": 0.87}
    console = Console(width=100)
    with console.capture() as shown:
        console.print(pathway_table("The way", way))
    text = shown.get()
    assert "1 to 2" in text
    assert "and 2 more steps; 12 weeks at 60 minutes; readiness 61% now, 87% expected" in text
    with console.capture() as shown:
        console.print(pathway_table("The way", way | {"steps": [step], "readiness": None}))
    assert "readiness" not in shown.get()
    assert "more steps" not in shown.get()
