"""Ids in addresses, whatever is in them.

Starlette's ``path`` ends at a line break, so an id that holds one would be a page that is not there. It is to
be told, as every other id that may not be, what is wrong with it.
"""

from __future__ import annotations

from typing import Final

from starlette.convertors import Convertor, register_url_convertor

ANY_TEXT: Final = "text"
"""What is said of a parameter that is any text, slashes and line breaks included."""


class _AnyText(Convertor[str]):
    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


# At import: Starlette has to know it where a route is declared.
register_url_convertor(ANY_TEXT, _AnyText())
