"""What a statement says of its attachments. The attached data themselves are not looked at here."""

from typing import Any

from .case import SIGNATURE, Case, accepts, attachment, rejects, statement, without
from .places import ATTACHMENTS

SECTION = "Data 2.4.11"
SIGNED = "Data 2.6"


def faulty() -> list[tuple[str, Any]]:
    """Attachments with one fault each."""
    return [
        ("a usageType that is a word", attachment(usageType="certificate")),
        ("a usageType that is a number", attachment(usageType=5)),
        ("a usageType without scheme", attachment(usageType="example.com/attachment-usage/test")),
        ("a display that is a number", attachment(display=12345)),
        ("a display that is a string", attachment(display="should fail")),
        ("a description that is a number", attachment(description=12345)),
        ("a description that is a string", attachment(description="should error")),
        ("a contentType that is a number", attachment(contentType=12345)),
        ("a contentType that is an object", attachment(contentType={"type": "text/plain"})),
        ("a contentType that is a sentence", attachment(contentType="should fail")),
        ("a contentType that is empty", attachment(contentType="")),
        ("a contentType without subtype", attachment(contentType="text/")),
        ("a length that is a word", attachment(length="should fail")),
        ("a length that is a string of digits", attachment(length="28")),
        ("a length that is a fraction", attachment(length=28.5)),
        ("a length that is a boolean", attachment(length=True)),
        ("a length that is a list", attachment(length=[28])),
        ("a sha2 that is a number", attachment(sha2=12345)),
        ("a sha2 that is an object", attachment(sha2={"key": "value"})),
        ("a sha2 that is empty", attachment(sha2="")),
        ("a sha2 that is a sentence", attachment(sha2="should fail")),
        ("a fileUrl that is a word", attachment(fileUrl="certificate")),
        ("a fileUrl that is a number", attachment(fileUrl=5)),
        ("a fileUrl without scheme", attachment(fileUrl="over.there.com/file.txt")),
        ("an unknown property", attachment(name="certificate.txt")),
        ("fileURL in capital letters", attachment(fileURL="https://files.example.org/certificate.txt")),
    ]


CASES: tuple[Case, ...] = (
    *(
        case
        for place in ATTACHMENTS
        for case in (
            accepts(SECTION, f"The attachments of {place.name} are a list.", place.put([attachment()])),
            accepts(
                SECTION,
                f"The attachments of {place.name} may be several.",
                place.put([attachment(), attachment(description={"en": "The same in full."})]),
            ),
            accepts(
                SECTION,
                f"An attachment of {place.name} may be described.",
                place.put([attachment(description={"en-US": "A test.", "es-MX": "Una prueba."})]),
            ),
            accepts(
                SECTION,
                f"An attachment of {place.name} needs no fileUrl.",
                place.put([without(attachment(), "fileUrl")]),
            ),
            rejects(SECTION, f"The attachments of {place.name} are not one object.", place.put(attachment())),
            rejects(SECTION, f"An attachment of {place.name} is not a number.", place.put([12345])),
            rejects(SECTION, f"An attachment of {place.name} is not a string.", place.put(["should fail"])),
            rejects(SECTION, f"An attachment of {place.name} is not a list.", place.put([[attachment()]])),
            rejects(SECTION, f"An attachment of {place.name} is not empty.", place.put([{}])),
            rejects(
                SECTION,
                f"A faulty attachment of {place.name} is found behind a good one.",
                place.put([attachment(), attachment(length="28")]),
            ),
            *(
                rejects(
                    SECTION,
                    f"An attachment of {place.name} has its {name}.",
                    place.put([without(attachment(), name)]),
                )
                for name in ("usageType", "display", "contentType", "length", "sha2")
            ),
            *(
                rejects(SECTION, f"An attachment of {place.name} may not have {what}.", place.put([value]))
                for what, value in faulty()
            ),
        )
    ),
    *(
        accepts(
            SECTION,
            f"A contentType may be {value}.",
            statement(attachments=[attachment(contentType=value)]),
        )
        for value in (
            "text/plain",
            "text/plain; charset=ascii",
            'text/plain; charset="utf-8"; format=flowed',
            "application/vnd.oasis.opendocument.text",
            "image/svg+xml",
            "video/mp4",
        )
    ),
    *(
        accepts(
            SECTION,
            f"A sha2 may be a hash of {digits} digits.",
            statement(attachments=[attachment(sha2=("0123456789abcdef" * 8)[:digits])]),
        )
        for digits in (56, 64, 96, 128)
    ),
    accepts(SECTION, "An attachment may have no octets.", statement(attachments=[attachment(length=0)])),
    accepts(
        SECTION,
        "An attachment may have more octets than 32 bits count.",
        statement(attachments=[attachment(length=5_000_000_000)]),
    ),
    accepts(
        SIGNED,
        "A signature is an attachment of octets.",
        statement(
            attachments=[
                without(attachment(usageType=SIGNATURE, contentType="application/octet-stream"), "fileUrl")
            ]
        ),
    ),
    *(
        rejects(
            SIGNED,
            f"A signature is not an attachment of the contentType {value}.",
            statement(
                attachments=[without(attachment(usageType=SIGNATURE, contentType=value), "fileUrl")],
            ),
        )
        for value in ("text/plain; charset=ascii", "application/json")
    ),
)
