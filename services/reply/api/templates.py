"""Templates over HTTP: read, tried, changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel
from sqlmodel import col, select

from services.reply.commands import PreviewTemplate, SaveTemplate
from services.reply.context import ReplyConfig, in_transaction
from services.reply.handlers.templates import preview_template, save_template
from services.reply.models import TemplateVersion
from services.reply.rules.drafting import Answering
from services.reply.rules.template import NAMES, TemplateInvalid
from shared.auth.permissions import Permission
from shared.auth.requires import requires
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.problems import Problem, Text
from shared.routes import Route

from .replies import FoundInWords
from .work import Config

router = APIRouter(prefix="/templates", tags=["templates"], route_class=Route)

Reader = Annotated[Person, requires(Permission.POLICY_SEE)]
Editor = Annotated[Person, requires(Permission.TEMPLATE_EDIT)]
_NO_PLATFORM = Problem(
    404, "unknown_platform", Text("没有这个平台。", "There is no such platform.")
)


class TemplateSummary(BaseModel):
    platform: str
    answering: Answering
    text: str
    version: int
    """0: as shipped."""


class Version(BaseModel):
    version: int
    text: str
    changed_by: str
    changed_at: datetime
    note: str


class Name(BaseModel):
    name: str
    zh: str
    en: str


class TemplateInFull(TemplateSummary):
    shipped: str
    longest: int
    """Characters the platform takes."""
    versions: list[Version]
    """The newest first."""
    names: list[Name]
    """Every placeholder there is."""


class Previewed(BaseModel):
    text: str
    findings: list[FoundInWords]
    complaint_id: str | None


class SavedTemplate(BaseModel):
    version: int


@router.get("")
async def list_templates(
    database: DatabaseHere, config: Config, person: Reader
) -> list[TemplateSummary]:
    """Of every platform and kind, as drafts are made by them now."""
    async with database.reading() as session:
        await config.templates.refresh(session)
        found = await session.exec(
            select(TemplateVersion).where(col(TemplateVersion.county) == person.county)
        )
        versions: dict[tuple[str, str], int] = {}
        for each in found:
            key = each.platform, each.answering
            versions[key] = max(versions.get(key, 0), each.version)
    return [
        TemplateSummary(
            platform=platform,
            answering=answering,
            text=config.templates.template(person.county, platform, answering).text.strip(),
            version=versions.get((platform, answering.value), 0),
        )
        for platform in config.profiles
        for answering in Answering
    ]


@router.get("/{platform}/{answering}")
async def get_template(
    platform: str, answering: Answering, database: DatabaseHere, config: Config, person: Reader
) -> TemplateInFull:
    _must_be_known(config, platform)
    async with database.reading() as session:
        found = await session.exec(
            select(TemplateVersion)
            .where(
                col(TemplateVersion.county) == person.county,
                col(TemplateVersion.platform) == platform,
                col(TemplateVersion.answering) == answering.value,
            )
            .order_by(col(TemplateVersion.version).desc())
        )
        versions = [Version.model_validate(each, from_attributes=True) for each in found]
    shipped = config.templates.default(platform, answering).text.strip()
    return TemplateInFull(
        platform=platform,
        answering=answering,
        text=versions[0].text if versions else shipped,
        version=versions[0].version if versions else 0,
        shipped=shipped,
        longest=config.profile(platform).longest_reply,
        versions=versions,
        names=[Name(name=name, zh=zh, en=en) for name, (zh, en) in NAMES.items()],
    )


@router.post("/{platform}/{answering}/preview")
async def post_preview(
    platform: str,
    answering: Answering,
    command: PreviewTemplate,
    database: DatabaseHere,
    config: Config,
    person: Editor,
) -> Previewed:
    """What a draft would say by these words. 422: there is no such placeholder."""
    _must_be_known(config, platform)
    with _problems():
        previewed = await in_transaction(
            database,
            config,
            lambda context: preview_template(context, platform, answering, command, person),
        )
    return Previewed(
        text=previewed.text,
        findings=[FoundInWords.of(each) for each in previewed.findings],
        complaint_id=previewed.complaint_id,
    )


@router.put("/{platform}/{answering}")
async def put_template(
    platform: str,
    answering: Answering,
    command: SaveTemplate,
    database: DatabaseHere,
    config: Config,
    person: Editor,
) -> SavedTemplate:
    """The next version; drafts are made by it within seconds. 409: somebody else has saved one."""
    _must_be_known(config, platform)
    with _problems():
        version = await in_transaction(
            database,
            config,
            lambda context: save_template(context, platform, answering, command, person),
        )
    async with database.reading() as session:
        await config.templates.refresh(session)
    return SavedTemplate(version=version)


def _must_be_known(config: ReplyConfig, platform: str) -> None:
    if platform not in config.profiles:
        raise _NO_PLATFORM


@contextmanager
def _problems() -> Iterator[None]:
    try:
        yield
    except TemplateInvalid as invalid:
        text = Text(
            f"没有叫 {invalid.wrong} 的占位符。", f"There is no placeholder {invalid.wrong}."
        )
        raise Problem(422, "unknown_placeholder", text) from None
