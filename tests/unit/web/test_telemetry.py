"""A trace goes on: from caller to request, to events, to the next service; and nothing private."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared import telemetry
from shared.clock import ManualClock
from shared.db import Database
from shared.http import exchange, open_client
from shared.routes import Route
from shared.telemetry import continue_trace, current_traceparent, trace_id
from shared.web import service_app

CALLERS = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-01")
ROOT = Path(__file__).parents[3]
router = APIRouter(route_class=Route)


@router.get("/traced/{thing}")
async def traced(thing: str, q: str = "") -> tuple[str, str | None]:
    if thing == "bad":
        raise ValueError("张三 13800001111")
    return current_traceparent(), trace_id()


@pytest.fixture
async def client(clock: ManualClock) -> AsyncIterator[httpx.AsyncClient]:
    app = service_app("here", Database("postgresql:///none", "here", clock), "")
    app.include_router(router)
    async with open_client("http://here", transport=httpx.ASGITransport(app)) as client:
        yield client


@contextmanager
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """What an installed SDK would export."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    monkeypatch.setattr(telemetry, "_tracer", provider.get_tracer("waterdesk"))
    yield exporter
    provider.shutdown()


async def test_a_request_goes_on_with_its_callers_trace(client: httpx.AsyncClient) -> None:
    there, logged = (await client.get("/traced/x", headers={"traceparent": CALLERS})).json()
    assert (there, logged) == (CALLERS, CALLERS[3:35])


@pytest.mark.parametrize("given", [None, "", "00-0-0-01", CALLERS.replace("0af", "xyz")])
async def test_without_a_sound_one_a_trace_begins(
    client: httpx.AsyncClient, given: str | None
) -> None:
    headers = {} if given is None else {"traceparent": given}
    seen = {(await client.get("/traced/x", headers=headers)).json()[0] for _ in range(2)}
    assert len(seen) == 2
    assert all(TRACEPARENT.fullmatch(each) for each in seen)


async def test_requests_keep_their_traces_apart(client: httpx.AsyncClient) -> None:
    givens = [f"00-{number:032x}-{number:016x}-01" for number in range(1, 20)]
    answers = await asyncio.gather(
        *(client.get("/traced/x", headers={"traceparent": each}) for each in givens)
    )
    assert [answer.json()[0] for answer in answers] == givens
    assert trace_id() is None


async def test_what_an_events_handler_asks_for_goes_on_with_the_events_trace(
    client: httpx.AsyncClient,
) -> None:
    async def handle() -> str:
        continue_trace(CALLERS)
        answer = await exchange(client, client.build_request("GET", "/traced/x"))
        return str(answer.json()[0])

    assert await asyncio.create_task(handle()) == CALLERS
    assert trace_id() is None  # only that task's


async def test_a_new_trace_lasts_for_the_whole_task() -> None:
    async def work() -> tuple[str, str, str | None]:
        continue_trace(None)
        return current_traceparent(), current_traceparent(), trace_id()

    first, second, logged = await asyncio.create_task(work())
    assert first == second
    assert logged == first[3:35]


async def test_spans_name_the_route_and_nothing_private(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with spans(monkeypatch) as exported:
        request = client.build_request("GET", "/traced/bad?q=13800001111")
        request.headers["traceparent"] = CALLERS
        assert (await client.send(request)).status_code == 500
        (span,) = exported.get_finished_spans()
    assert (span.name, span.kind) == ("GET /traced/{thing}", trace.SpanKind.SERVER)
    assert span.context is not None
    assert span.parent is not None
    assert f"{span.context.trace_id:032x}" == CALLERS[3:35]
    assert f"{span.parent.span_id:016x}" == CALLERS[36:52]
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "http.route": "/traced/{thing}",
        "http.response.status_code": 500,
        "error.type": "500",
    }
    assert not span.events
    assert span.status.description is None


async def test_one_trace_over_two_services(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with spans(monkeypatch) as exported:
        await exchange(client, client.build_request("GET", "/traced/x"))
        server, asked = exported.get_finished_spans()
    assert asked.kind == trace.SpanKind.CLIENT
    assert server.context is not None
    assert asked.context is not None
    assert server.context.trace_id == asked.context.trace_id
    assert server.parent is not None
    assert server.parent.span_id == asked.context.span_id


@pytest.mark.parametrize(
    ("environment", "provider"),
    [
        ({}, "ProxyTracerProvider"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, "TracerProvider"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:9/v1"}, "TracerProvider"),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"},
            "ProxyTracerProvider",
        ),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_TRACES_EXPORTER": "none"},
            "ProxyTracerProvider",
        ),
    ],
)
def test_exporting_is_the_environments_matter(environment: dict[str, str], provider: str) -> None:
    script = (
        "from opentelemetry import trace; from shared.telemetry import export_spans; "
        "export_spans(); print(type(trace.get_tracer_provider()).__name__)"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    said = subprocess.run(
        [sys.executable, "-c", script],
        env={**kept, **environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert said.stdout.strip() == provider
