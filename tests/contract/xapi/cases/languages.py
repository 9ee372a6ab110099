"""Language tags, as keys of language maps and as the language of a context."""

from .case import Case, accepts, rejects, statement, verb
from .places import LANGUAGE_MAPS, LANGUAGES

MAP = "Data 4.2"
TAG = "Data 2.2"

GOOD = (
    "de",
    "en-US",
    "EN-us",
    "es-419",
    "es-MX",
    "fr-CA",
    "ja",
    "ase",
    "cmn",
    "ine",
    "zh-Hant",
    "zh-Hans-CN",
    "zh-cmn-Hans-CN",
    "sr-Latn",
    "sr-Cyrl",
    "sr-Latn-RS",
    "sl-rozaj-biske",
    "sl-nedis",
    "de-CH-1901",
    "de-CH-x-phonebk",
    "hy-Latn-IT-arevela",
    "de-DE-u-co-phonebk",
    "en-a-myext-b-another",
    "az-Arab-x-AZE-derbend",
    "x-whatever",
    "qaa-Qaaa-QM-x-southern",
    "i-enochian",
    "i-klingon",
    "en-GB-oed",
    "zh-min-nan",
    "art-lojban",
    "qq-ZZ",
)

BAD = (
    "something",
    "a12345",
    "a12345678",
    "a-DE",
    "j-JP",
    "s-RS",
    "de-419-DE",
    "en-US-GB",
    "ar-a-aaa-b-bbb-a-ccc",
    "zh-z-aaa-z-bbb-c-ccc",
    "zh-something-ccc",
    "en-something-AU",
    "",
    "e",
    "en-",
    "-en",
    "en--US",
    "en_US",
    "en US",
    " en",
    "english language",
    "12",
    "en-a",
    "en-x",
    "x",
    "i-something-odd",
    "de-1901-1901",
    "en-US-Latn",
    "ën",
)

CASES: tuple[Case, ...] = (
    *(
        accepts(TAG, f"{tag!r} may be a key of {place.name}.", place.put({tag: "A text."}))
        for place in LANGUAGE_MAPS[:1]
        for tag in GOOD
    ),
    *(
        rejects(TAG, f"{tag!r} may not be a key of {place.name}.", place.put({tag: "A text."}))
        for place in LANGUAGE_MAPS[:1]
        for tag in BAD
    ),
    *(accepts(TAG, f"{tag!r} may be {place.name}.", place.put(tag)) for place in LANGUAGES for tag in GOOD),
    *(
        rejects(TAG, f"{tag!r} may not be {place.name}.", place.put(tag))
        for place in LANGUAGES
        for tag in BAD
    ),
    *(
        accepts(MAP, f"{tag!r} may be a key of {place.name}.", place.put({"en": "A text.", tag: "Ein Text."}))
        for place in LANGUAGE_MAPS[1:]
        for tag in ("de", "zh-Hant", "sr-Latn-RS", "es-MX")
    ),
    *(
        rejects(
            MAP, f"{tag!r} may not be a key of {place.name}.", place.put({"en": "A text.", tag: "Ein Text."})
        )
        for place in LANGUAGE_MAPS[1:]
        for tag in ("something", "a12345678", "a-DE", "de-419-DE", "en-US-GB", "zh-z-aaa-z-bbb-c-ccc")
    ),
    *(
        rejects(MAP, f"{place.sentence} is not {what}.", place.put(value))
        for place in LANGUAGE_MAPS
        for what, value in (
            ("a map to a number", {"en": 12345}),
            ("a map to a boolean", {"en": True}),
            ("a map to a list", {"en": ["A text."]}),
            ("a map to a map", {"en": {"US": "A text."}}),
            ("a list of texts", ["A text."]),
        )
    ),
    accepts(MAP, "A text in a language map may be empty.", statement(verb=verb(display={"en": ""}))),
    accepts(
        MAP,
        "A text in a language map is plain, whatever it holds.",
        statement(verb=verb(display={"en": "<b>completed</b> & \u202egnihtemos\n"})),
    ),
)
