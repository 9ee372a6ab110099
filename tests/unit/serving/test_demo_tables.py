import pytest
from rich.console import Console

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
