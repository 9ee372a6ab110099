"""IRIs: what is one and what is not, at every place that asks for one."""

from .case import Case, accepts, rejects, statement, verb
from .places import EXTENSIONS, IRIS, IRLS, URIS

IRI = "Data 2.2"
KEY = "Data 4.1"

BAD = ("ab=c://should.fail.com", "should fail", "abc", "", "example.org/without/scheme")
BAD_AT_ONE_PLACE = (
    "www.example.org",
    "/only/a/path",
    "//example.org/no/scheme",
    "#fragment",
    "://example.org",
    "1http://example.org",
)

NO_STRINGS = (12345, {"key": "should fail"})
NO_STRINGS_AT_ONE_PLACE = (["http://example.org/a"], True)

GOOD_IRLS = ("http://example.com/فعل/خواندن", "https://example.org:8443/a/b?c=d&e=%20#f")
GOOD_IRLS_AT_ONE_PLACE = ("http://example.org/a", "http://localhost/a", "http://192.0.2.7/a")

GOOD_IRIS = (*GOOD_IRLS, "urn:uuid:8f87ccde-bb56-4c2e-ab83-44982ef22df0")
GOOD_IRIS_AT_ONE_PLACE = (
    *GOOD_IRLS_AT_ONE_PLACE,
    "tag:example.org,2013:expapi:1.0:activities:fractions",
    "http://example.org/path/../a",
    "HTTP://example.org/A",
    "app+lms.v2-x://course/17",
)

CASES: tuple[Case, ...] = (
    *(
        rejects(IRI, f"{value!r} may not be {place.name}.", place.put(value), place.versions)
        for place in (*IRIS, *IRLS, *URIS)
        for value in (*BAD, *NO_STRINGS)
    ),
    *(
        rejects(IRI, f"{value!r} may not be {place.name}.", place.put(value), place.versions)
        for place in (*IRIS[:2], IRLS[0], URIS[0])
        for value in (*BAD_AT_ONE_PLACE, *NO_STRINGS_AT_ONE_PLACE)
    ),
    *(
        accepts(IRI, f"{value!r} may be {place.name}.", place.put(value), place.versions)
        for place in IRIS
        for value in GOOD_IRIS
    ),
    *(
        accepts(IRI, f"{value!r} may be {place.name}.", place.put(value), place.versions)
        for place in IRIS[:2]
        for value in GOOD_IRIS_AT_ONE_PLACE
    ),
    *(
        accepts(IRI, f"{value!r} may be {place.name}.", place.put(value), place.versions)
        for place in IRLS
        for value in (*GOOD_IRLS, *GOOD_IRLS_AT_ONE_PLACE)
    ),
    *(
        accepts(IRI, f"{value!r} may be {place.name}.", place.put(value), place.versions)
        for place in URIS
        for value in ("http://openid.example.org/12345", "https://example.org/id?user=17")
    ),
    *(
        rejects(KEY, f"{key!r} may not be the key of an extension of {place.name}.", place.put({key: 1234}))
        for place in EXTENSIONS
        for key in BAD
    ),
    *(
        rejects(KEY, f"{key!r} may not be the key of an extension of {place.name}.", place.put({key: 1234}))
        for place in EXTENSIONS[:1]
        for key in BAD_AT_ONE_PLACE
    ),
    *(
        accepts(KEY, f"{key!r} may be the key of an extension of {place.name}.", place.put({key: 1234}))
        for place in EXTENSIONS
        for key in GOOD_IRIS
    ),
    *(
        accepts(KEY, f"{key!r} may be the key of an extension of {place.name}.", place.put({key: 1234}))
        for place in EXTENSIONS[:1]
        for key in GOOD_IRIS_AT_ONE_PLACE
    ),
    accepts(
        IRI,
        "An IRI may have a fragment.",
        statement(verb=verb(id="http://example.com/xapi/verbs#sent-a-statement")),
    ),
)
