"""The console's words, in two languages: one catalogue file each, keys like `board.title`."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from fastapi import Request

from shared.problems import Text, language_of

LANGUAGES = ("zh", "en")
COOKIE = "lang"
_FOLLOWS = re.compile(r"(.+)-(\d{4})(\d{2})(\d{2})")
_CATALOGUES = Path(__file__).parent / "catalogue"


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Every sentence of one language by its dotted key."""
    with (_CATALOGUES / f"{language}.toml").open("rb") as file:
        return dict(_flat(tomllib.load(file)))


def _flat(table: Mapping[str, object], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, dict):
            found += _flat(value, f"{prefix}{key}.")
        else:
            found.append((prefix + key, str(value)))
    return found


def language_of_reader(request: Request) -> str:
    """`?lang=` wins and is remembered; then the cookie; then what the browser asks for."""
    asked = request.query_params.get("lang")
    return asked if asked in LANGUAGES else language_of(request)


class Words:
    """The sentences of one language. `t("board.title")`; a key nobody wrote is a KeyError."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._catalogue = catalogue(language)

    def __call__(self, key: str, /, **values: object) -> str:
        return self._catalogue[key].format(**values) if values else self._catalogue[key]

    def __contains__(self, key: str) -> bool:
        return key in self._catalogue

    def code(self, kind: str, code: str | None) -> str:
        """The word for a code that comes from data: one we do not know yet is shown as it is."""
        return self._catalogue.get(f"{kind}.{code}", code or "") if code else ""

    def policy(self, source: str) -> str:
        """The name of a policy. One that follows another from a day on (`ordinary-20270101`) has
        the name of the first, and the day."""
        followed = _FOLLOWS.fullmatch(source)
        if followed is None:
            return self.code("policy", source)
        name, year, month, day = followed.groups()
        return f"{self.code('policy', name)} {year}-{month}-{day}"


def both(key: str, /, **values: object) -> Text:
    """One sentence of the catalogue, for a reader whose language is not known here."""
    zh, en = (Words(language)(key, **values) for language in LANGUAGES)
    return Text(zh, en)
