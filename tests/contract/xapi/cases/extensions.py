"""Extensions: any value, under a key that is an IRI."""

from .case import Case, accepts, rejects
from .places import EXTENSIONS

SECTION = "Data 4.1"
KEY = "http://example.org/extensions/any"

CASES: tuple[Case, ...] = (
    *(
        accepts(SECTION, f"An extension of {place.name} may be {what}.", place.put({KEY: value}))
        for place in EXTENSIONS
        for what, value in (
            ("true", True),
            ("a number", 12345),
            ("a fraction", -0.5),
            ("a string", "valid"),
            ("an object", {"key": "valid"}),
            ("a list", [1, "two", {"three": 3}]),
            ("null", None),
            ("an empty string", ""),
            ("an empty object", {}),
            ("an empty list", []),
            ("an object with null in it", {"a": None, "b": [None, {"c": None}]}),
            ("what would be wrong elsewhere", {"id": "should fail", "mbox": 5, "timestamp": "01/011/2015"}),
        )
    ),
    *(
        accepts(SECTION, f"The extensions of {place.name} may be empty.", place.put({}))
        for place in EXTENSIONS
    ),
    *(
        accepts(
            SECTION,
            f"{place.sentence} may have several extensions.",
            place.put({KEY: 1, "https://example.org/extensions/other": [2], "urn:example:third": None}),
        )
        for place in EXTENSIONS
    ),
    *(
        rejects(SECTION, f"The extensions of {place.name} are not {what}.", place.put(value))
        for place in EXTENSIONS
        for what, value in (
            ("a string", "should fail"),
            ("a number", 12345),
            ("a list", [{KEY: 1}]),
            ("a boolean", True),
            ("an interaction component", {"id": "valid", "description": {"en-US": "valid"}}),
            ("a map with one key that is no IRI", {KEY: 1, "should fail": True}),
        )
    ),
)
