"""Text messages by any HTTP provider, as one YAML file describes it (the example stands in
services/dispatch/README.md).

Every provider has its own form of request; none of them needs code. In `url`, `headers` and `body`
stand {phone}, {text}, {id} (ours, the same when it is sent again) and {timestamp} (seconds since
1970). The secret is a setting, never in the file.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from shared.yaml_file import Unusable, parse_yaml, read_text

_SEGMENT, _LONG_SEGMENT = 70, 67
"""Characters of one message in UCS-2; of each part where there are several."""
_NAMES = frozenset({"phone", "text", "id", "timestamp"})
PLACEHOLDER = re.compile(r"\{(\w+)\}")


Content = TypeVar("Content")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HeaderAuth(_Part):
    """`value` holds {secret}."""

    kind: Literal["header"]
    name: str = "Authorization"
    value: str = "Bearer {secret}"


class BasicAuth(_Part):
    kind: Literal["basic"]
    user: str


class HmacAuth(_Part):
    """A header with the HMAC over `over`, in which {timestamp} and {body} (as sent) stand."""

    kind: Literal["hmac"]
    header: str
    over: str = "{timestamp}{body}"
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    timestamp_header: str | None = None


class Condition(_Part):
    """`path`: names joined by dots, list positions as numbers, into the JSON answer."""

    path: str = Field(min_length=1)
    equals: list[str | int | bool] = Field(min_length=1)

    def holds(self, answer: object) -> bool:
        found = value_at(answer, self.path)
        return any(type(found) is type(each) and found == each for each in self.equals) or (
            not isinstance(found, bool) and str(found) in map(str, self.equals)
        )


class StatusQuery(_Part):
    """Asks whether the provider has a message of ours."""

    url: str
    method: Literal["GET", "POST"] = "GET"
    body: dict[str, Any] | None = None
    has_it: Condition
    """It was taken, whether or not the phone has it already."""
    has_it_not: Condition
    appears_within_seconds: float = Field(60, ge=0)
    """How long a message that was taken may be unknown to the query."""


class SmsProvider(_Part):
    """One provider. `read_provider` reads it."""

    url: str
    method: Literal["POST", "GET", "PUT"] = "POST"
    format: Literal["json", "form"] = "json"
    headers: dict[str, str] = {}
    body: dict[str, Any] = {}
    auth: Annotated[HeaderAuth | BasicAuth | HmacAuth, Field(discriminator="kind")] | None = None
    success: Condition
    busy: Condition | None = None
    """Answers that mean: nothing was done, come back later."""
    number: str | None = None
    """Path of the provider's own id of the message."""
    segments: int = Field(1, ge=1, le=8)
    repeats_dropped_for_seconds: float = Field(0, ge=0)
    """How long the provider drops a second request with the same {id}; 0: it does not."""
    status: StatusQuery | None = None

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        at = urlsplit(url)
        if at.scheme not in ("http", "https") or not at.hostname:
            raise Unusable(
                "不是网址，例如 https://host/path", "not a URL such as https://host/path"
            )
        return url

    @field_validator("url", "headers", "body")
    @classmethod
    def _names_are_known(cls, content: Content) -> Content:
        for text in _texts(content):
            for name in PLACEHOLDER.findall(text):
                if name not in _NAMES:
                    names = ", ".join(sorted(_NAMES))
                    raise Unusable(
                        f"{{{name}}} 不在可用的 {names} 之中", f"{{{name}}} is not one of {names}"
                    )
        return content

    @model_validator(mode="after")
    def _says_whom_and_what(self) -> Self:
        sent = " ".join(_texts((self.url, self.body)))
        for needed in ("{phone}", "{text}"):
            if needed not in sent:
                raise Unusable(
                    f"url 和 body 里都没有 {needed}", f"{needed} stands neither in url nor in body"
                )
        return self

    @property
    def longest(self) -> int:
        """Characters."""
        return _SEGMENT if self.segments == 1 else _LONG_SEGMENT * self.segments


def read_provider(path: Path) -> SmsProvider:
    """Raises FileInvalid, which names line and field."""
    return parse_yaml(read_text(path), SmsProvider, path.name)


def value_at(answer: object, path: str) -> object:
    """What stands there; None where nothing does."""
    found = answer
    for name in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(name)
        elif isinstance(found, list) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        else:
            return None
    return found


def _texts(content: object) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping):
        for each in content.values():
            yield from _texts(each)
    elif isinstance(content, list | tuple):
        for each in content:
            yield from _texts(each)
