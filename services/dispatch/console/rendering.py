"""From a template and what a handler found to an answer in the reader's language."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.dispatch.console.language import COOKIE, LANGUAGES, Words, language_of_reader
from services.dispatch.console.menu import menu_of
from services.dispatch.console.queries.filters import Filters
from services.dispatch.console.times import SOON, in_full, point_in_time, span
from shared.auth.permissions import Permission

HERE = Path(__file__).parent
STATIC = HERE / "static"

_templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@cache
def asset(name: str) -> str:
    """The address of a static file; it changes with its content, so browsers may keep it."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def by_htmx(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"


def words_of(request: Request) -> Words:
    return Words(language_of_reader(request))


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **found: Any,
) -> HTMLResponse:
    """A whole page, or a part of one."""
    response = HTMLResponse(_render(request, template, found), status, headers)
    if (asked := request.query_params.get("lang")) in LANGUAGES:
        response.set_cookie(COOKIE, str(asked), max_age=31_536_000, samesite="lax")
    return response


def part(request: Request, template: str, **found: Any) -> HTMLResponse:
    """A part for a place in a page; without JavaScript, a page of its own."""
    if by_htmx(request):
        return page(request, template, **found)
    return page(request, "part.html", part=template, **found)


def in_place(request: Request, template: str, element_id: str, **found: Any) -> Response:
    """After a change by htmx: the element with this id is replaced, and nothing else moves."""
    headers = {"HX-Retarget": f'[id="{element_id}"]', "HX-Reswap": "outerHTML"}
    return page(request, template, headers=headers, **found)


def live_part(request: Request, template: str, view: object, **found: Any) -> Response:
    """A part that a page asks for every few seconds: 304 while nothing in `view` has changed.

    `view` is a value whose repr says all that the part shows; countdowns are no part of it, the
    browser counts them on. Request and answer carry its hash as HX-PTag (htmx's extension).
    """
    tag = live_tag(request, view)
    if request.headers.get("hx-ptag") == tag:
        return Response(status_code=304, headers={"HX-PTag": tag})
    return page(request, template, headers={"HX-PTag": tag}, view=view, **found)


def live_tag(request: Request, view: object) -> str:
    seen = f"{language_of_reader(request)}{view!r}"
    return hashlib.sha256(seen.encode()).hexdigest()[:24]


def address(path: str, filters: Filters, **more: str) -> str:
    """A page with what is chosen, so that a link or a reload keeps it."""
    chosen = urlencode({**filters.chosen, **more})
    return f"{path}?{chosen}" if chosen else path


def go_to(request: Request, address: str) -> Response:
    """After a change: on to a page that shows it (post, redirect, get)."""
    if by_htmx(request):
        return Response(status_code=204, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)


def _render(request: Request, template: str, found: Mapping[str, Any]) -> str:
    words = words_of(request)
    now = request.app.state.database.clock.now()
    person = getattr(request.state, "person", None)

    def other_language() -> str:
        target = "zh" if words.language == "en" else "en"
        others = [(k, v) for k, v in request.query_params.multi_items() if k != "lang"]
        path = request.url.path if request.method == "GET" else "/"
        return f"{path}?{urlencode([*others, ('lang', target)])}"

    def may(permission: str) -> bool:
        return person is not None and person.may(Permission(permission))

    return _templates.get_template(template).render(
        t=words,
        language=words.language,
        person=person,
        person_name=getattr(request.state, "person_name", ""),
        may=may,
        now=now,
        path=request.url.path,
        menu=menu_of(person),
        done=request.query_params.get("done", ""),
        asset=asset,
        address=address,
        other_language=other_language,
        when=lambda at: _when(at, now, words.language),
        when_told=lambda at: _when(datetime.fromisoformat(at), now, words.language),
        left=lambda at: _left(at, now, words),
        **found,
    )


def _when(at: datetime, now: datetime, language: str) -> Markup:
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.isoformat(), in_full(at), point_in_time(at, now, language)
    )


def _left(at: datetime, now: datetime, words: Words) -> Markup:
    """A countdown: right when the page is made, counted on by console.js."""
    units = (words("span.day"), words("span.hour"), words("span.minute"), words("span.second"))
    text = words("span.over" if at <= now else "span.left", span=span(at - now, units))
    near = " over" if at <= now else " soon" if at - now <= SOON else ""
    return Markup(
        '<time class="countdown{}" datetime="{}" title="{}" data-due="{}">{}</time>'
    ).format(near, at.isoformat(), in_full(at), int(at.timestamp() * 1000), text)
