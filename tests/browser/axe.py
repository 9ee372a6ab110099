"""What axe-core finds in a page that hinders people."""

from axe_playwright_python.sync_playwright import Axe


def grave_faults(page) -> list[tuple[str, list[str]]]:
    """Return serious and critical violations: rule and places, those in shadow roots too."""
    found = Axe().run(page).response["violations"]
    return [
        (fault["id"], [str(node["target"]) for node in fault["nodes"]])
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]
