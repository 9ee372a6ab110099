"""Timestamps, UUIDs and the version of a statement."""

from .case import NEW, OLD, UUID, Case, accepts, rejects, statement
from .places import TIMESTAMPS, UUIDS, Place

TIMESTAMP = "Data 4.5"
TIME = "Data 2.4.7"
ID = "Data 2.4.1"
VERSION = "Data 2.4.10"

GOOD_TIMESTAMPS = (
    "2013-05-18T05:32:34.804Z",
    "2013-05-18T05:32:34Z",
    "2013-05-18T05:32:34.8Z",
    "2013-05-18T05:32:34.804+00:00",
    "2023-05-04T12:00:00-05:00",
    "2023-05-04T12:00:00+05:45",
    "2023-05-04T12:00:00-00:30",
    "2023-05-04T12:00:00+14:00",
    "2023-05-04T17:00:00.12345Z",
    "2023-05-04T17:00:00.123456789Z",
    "2024-02-29T12:00:00Z",
    "2000-02-29T23:59:59.999Z",
    "1776-07-04T16:00:45.123Z",
    "2099-12-31T23:59:59Z",
)

GOOD_OLD_TIMESTAMPS = (
    "2013-05-18T05:32:34.804",
    "2013-05-18T05:32:34.804+01",
    "20130518T053234Z",
)

GOOD_NEW_TIMESTAMPS = ("2008-09-15 15:53:00.601+00:00",)

BAD_TIMESTAMPS = (
    "should fail",
    "01/011/2015",
    "2008-09-15T15:53:00.601-00",
    "2008-09-15T15:53:00.601-0000",
    "2008-09-15T15:53:00.601-00:00",
    "",
    "now",
    "1368855154",
    "Sat, 18 May 2013 05:32:34 GMT",
    "18-05-2013T05:32:34Z",
    "2013/05/18T05:32:34Z",
    "2013-5-18T05:32:34Z",
    "2013-13-01T05:32:34Z",
    "2013-00-18T05:32:34Z",
    "2013-05-00T05:32:34Z",
    "2013-02-30T05:32:34Z",
    "2023-02-29T05:32:34Z",
    "2100-02-29T05:32:34Z",
    "2013-05-18T25:00:00Z",
    "2013-05-18T05:60:00Z",
    "2013-05-18T05:32:61Z",
    "2013-05-18T05:32:34+05:99",
    "2013-05-18T05:32:34+25:00",
    "2013-05-18T05:32:34.Z",
    "2013-05-18T",
    "T05:32:34Z",
    "05:32:34Z",
    "2013-05-18T05:32:34ZZ",
    "2013-05-18T05:32:34Z and more",
    " 2013-05-18T05:32:34Z",
    "2013-05-18T05:32:34Z\n",
    "2013-05-18TT05:32:34Z",
    "P1D",
)

BAD_NEW_TIMESTAMPS = ("2013-05-18",)

NO_STRINGS = (12345, 1368855154.804, True, {"key": "should fail"}, ["2013-05-18T05:32:34Z"])

GOOD_UUIDS = (
    "fd41c918-b88b-4b20-a0a5-a4c32391aaa0",
    "AA97B177-9383-4934-8543-0F91A7A02836",
    "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "886313e1-3b8a-5372-9b90-0c9aee199e5d",
    "12345678-1234-5678-1234-567812345678",
)

BAD_UUIDS = (
    "AA97B177-9383-4934-8543-0F91A7A028368",
    "MA97B177-9383-4934-8543-0F91A7A02836",
    "should fail",
    "",
    "AA97B177-9383-4934-8543-0F91A7A0283",
    "AA97B177938349348543-0F91A7A02836",
    "aa97b1779383493485430f91a7a02836",
    "{AA97B177-9383-4934-8543-0F91A7A02836}",
    "urn:uuid:AA97B177-9383-4934-8543-0F91A7A02836",
    "AA97B177-9383-4934-8543-0F91A7A02836 ",
    "AA97B1779-383-4934-8543-0F91A7A02836",
    "http://example.org/statements/1",
)

STORED = tuple(place for place in TIMESTAMPS if place.name == "stored")
TIMES = tuple(place for place in TIMESTAMPS if place.name != "stored")


def good_times(place: Place) -> tuple[Case, ...]:
    """Timestamps that the place must take."""
    return (
        *(accepts(TIMESTAMP, f"{v!r} may be {place.name}.", place.put(v)) for v in GOOD_TIMESTAMPS),
        *(accepts(TIMESTAMP, f"{v!r} may be {place.name}.", place.put(v), OLD) for v in GOOD_OLD_TIMESTAMPS),
        *(accepts("4.2.7", f"{v!r} may be {place.name}.", place.put(v), NEW) for v in GOOD_NEW_TIMESTAMPS),
    )


def bad_times(place: Place) -> tuple[Case, ...]:
    """Timestamps that the place must refuse."""
    return (
        *(
            rejects(TIMESTAMP, f"{v!r} may not be {place.name}.", place.put(v))
            for v in (*BAD_TIMESTAMPS, *NO_STRINGS)
        ),
        *(rejects("4.2.7", f"{v!r} may not be {place.name}.", place.put(v), NEW) for v in BAD_NEW_TIMESTAMPS),
    )


CASES: tuple[Case, ...] = (
    *(case for place in TIMES for case in (*good_times(place), *bad_times(place))),
    *(
        accepts("Data 2.4.8", f"stored may come with a statement, as {v!r}.", place.put(v))
        for place in STORED
        for v in GOOD_TIMESTAMPS[:4]
    ),
    *(
        rejects("Data 2.4.8", f"stored may not come with a statement as {v!r}.", place.put(v))
        for place in STORED
        for v in ("should fail", "01/011/2015", "", 12345, {"key": "should fail"})
    ),
    accepts(
        TIME,
        "The timestamp may be later than stored.",
        statement(timestamp="2013-05-18T05:32:34Z", stored="2011-07-15T00:00:00.000Z"),
    ),
    *(accepts(ID, f"{v!r} may be {place.name}.", place.put(v)) for place in UUIDS for v in GOOD_UUIDS),
    *(
        rejects(ID, f"{v!r} may not be {place.name}.", place.put(v))
        for place in UUIDS
        for v in (*BAD_UUIDS, 12345, {"key": "should fail"}, [UUID], True)
    ),
    accepts(
        VERSION,
        "A statement needs no id, timestamp, stored, authority or version.",
        statement(),
    ),
    *(
        accepts(VERSION, f"A statement may come with the version {v!r}.", statement(version=v))
        for v in ("1.0.0", "1.0", "1.0.3", "1.0.9")
    ),
    *(
        rejects(VERSION, f"A statement may not come with the version {v!r}.", statement(version=v))
        for v in ("should fail", "0.9.9", "1.1.0", "", 1.0, 2, ["1.0.0"], {"key": "1.0.0"}, True)
    ),
    *(
        rejects(
            VERSION, f"A statement of 1.0.3 may not come with the version {v!r}.", statement(version=v), OLD
        )
        for v in ("2.0.0", "10.0.0", "0.95", "1", "v1.0.0", " 1.0.0")
    ),
    accepts("4.2.4.3", "A statement of 2.0 may come with its version.", statement(version="2.0.0"), NEW),
)
