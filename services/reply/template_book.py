"""The templates in use: the shipped ones (policies/reply_templates.yaml) and each county's own.

They are held in memory, because every draft needs one: `refresh` looks for newer versions, and a
periodic task of every replica calls it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared.yaml_file import Unusable, parse_yaml, read_text

from .models import TemplateVersion
from .rules.drafting import Answering
from .rules.template import Template, TemplateInvalid, template_of

SHIPPED: Final = Path(__file__).parent / "policies" / "reply_templates.yaml"
_ANY = "any"
_NUMBER_OF_VERSIONS = select(func.count()).select_from(TemplateVersion)
_NEWEST = (
    select(TemplateVersion)
    .distinct(
        col(TemplateVersion.county), col(TemplateVersion.platform), col(TemplateVersion.answering)
    )
    .order_by(
        col(TemplateVersion.county),
        col(TemplateVersion.platform),
        col(TemplateVersion.answering),
        col(TemplateVersion.version).desc(),
    )
)

Shipped = Mapping[tuple[str, Answering], Template]


def _read_template(written: object) -> Template:
    try:
        return template_of(str(written))
    except TemplateInvalid as invalid:
        raise Unusable(
            f"没有叫 {invalid.wrong} 的占位符", f"there is no fact called {invalid.wrong}"
        ) from None


_Words = Annotated[Template, BeforeValidator(_read_template)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class _Entry(_Strict):
    platforms: Annotated[tuple[str, ...], Field(min_length=1)]
    solved: _Words
    not_solved: _Words
    nothing_found: _Words
    returned: Annotated[_Words, Field(alias="return")]
    interim: _Words

    @property
    def templates(self) -> Mapping[Answering, Template]:
        return {
            Answering.SOLVED: self.solved,
            Answering.NOT_SOLVED: self.not_solved,
            Answering.NOTHING_FOUND: self.nothing_found,
            Answering.RETURN: self.returned,
            Answering.INTERIM: self.interim,
        }


class _File(_Strict):
    templates: tuple[_Entry, ...]

    @model_validator(mode="after")
    def every_platform_has_one_entry(self) -> Self:
        named = [platform for entry in self.templates for platform in entry.platforms]
        if len(named) != len(set(named)):
            raise Unusable("同一平台写了两次", "a platform stands in two entries")
        if _ANY not in named:
            raise Unusable(
                "须有一组用于其余平台：[any]",
                "one entry must be for the platforms that no other names: [any]",
            )
        return self


@cache
def shipped_templates(path: Path = SHIPPED) -> Shipped:
    """Raises FileInvalid, which names line and field."""
    return {
        (platform, answering): template
        for entry in parse_yaml(read_text(path), _File, path.name).templates
        for platform in entry.platforms
        for answering, template in entry.templates.items()
    }


@dataclass(slots=True)
class TemplateBook:
    """Replaced as a whole by `refresh`; never changed in between."""

    shipped: Shipped = field(default_factory=shipped_templates)
    own: Mapping[tuple[str, str, Answering], Template] = field(default_factory=dict)
    """By county, platform and kind: those that an admin has changed."""
    _versions: int = 0
    """Versions are only ever added: their number says whether there is a newer one."""

    def template(self, county: str, platform: str, answering: Answering) -> Template:
        return self.own.get((county, platform, answering)) or self.default(platform, answering)

    def default(self, platform: str, answering: Answering) -> Template:
        """As shipped."""
        return self.shipped.get((platform, answering)) or self.shipped[_ANY, answering]

    async def refresh(self, session: AsyncSession) -> int:
        """Take over what was changed anywhere since. Returns the number of new versions."""
        versions = (await session.execute(_NUMBER_OF_VERSIONS)).scalar_one()
        if (new := versions - self._versions) == 0:
            return 0
        found = await session.execute(_NEWEST)
        self.own = {
            (each.county, each.platform, Answering(each.answering)): template_of(each.text)
            for each in found.scalars()
        }
        self._versions = versions
        return new
