"""Traces by OpenTelemetry's API: one complaint can be followed over all three services.

A request goes on with its caller's trace, an event's handler with the event's; logs carry its id.
Without the SDK nothing is measured and nothing is sent: only the `traceparent` of W3C Trace Context
(https://www.w3.org/TR/trace-context/) is passed on. No baggage and no exception message leaves, and
no span holds an address's query: all three may hold what is personal.
"""

import os
import secrets
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager

import structlog
from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.trace.status import StatusCode
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger(__name__)

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("waterdesk")


def current_traceparent() -> str:
    """The trace that this work belongs to, a new one where there is none."""
    here = trace.get_current_span().get_span_context()
    if not here.is_valid:
        here = _new_trace()
    return f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}"


def continue_trace(traceparent: str | None) -> None:
    """What this task does from now on belongs to that trace; absent or malformed: to a new one."""
    attach(_context_of({"traceparent": traceparent} if traceparent else {}))


def trace_id() -> str | None:
    """32 hex digits; None outside of any trace."""
    here = trace.get_current_span().get_span_context()
    return f"{here.trace_id:032x}" if here.is_valid else None


def inject_trace(headers: MutableMapping[str, str]) -> None:
    """Let the receiver of an HTTP request go on with this trace, if there is one."""
    _propagator.inject(headers)


@contextmanager
def span(name: str, kind: SpanKind, **attributes: str) -> Iterator[Span]:
    """A part of the current trace. An error is noted by its class alone: messages may hold data."""
    with _tracer.start_as_current_span(
        name,
        kind=kind,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as part:
        try:
            yield part
        except Exception as error:
            _failed(part, type(error).__name__)
            raise


class TraceRequests:
    """ASGI middleware: each request is a span of its caller's trace, or of a new one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._records_spans = _sdk_is_installed()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope["headers"]
            if name in (b"traceparent", b"tracestate")
        }
        token = attach(_context_of(headers))
        try:
            if self._records_spans:
                with span(scope["method"], SpanKind.SERVER) as request:
                    await self.app(scope, receive, _noting_status(send, request))
                    _name_by_route(request, scope)
            else:
                await self.app(scope, receive, send)
        finally:
            detach(token)


def _noting_status(send: Send, request: Span) -> Send:
    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start":
            request.set_attribute("http.response.status_code", message["status"])
            if message["status"] >= 500:
                _failed(request, str(message["status"]))
        await send(message)

    return noting


def _name_by_route(request: Span, scope: Scope) -> None:
    request.set_attribute("http.request.method", scope["method"])
    if path := getattr(scope.get("route"), "path", None):
        request.set_attribute("http.route", path)
        request.update_name(f"{scope['method']} {path}")


def _failed(part: Span, kind: str) -> None:
    part.set_attribute("error.type", kind)
    part.set_status(StatusCode.ERROR)


def _context_of(headers: dict[str, str]) -> Context:
    context = _propagator.extract(headers, Context()) if headers else Context()
    if trace.get_current_span(context).get_span_context().is_valid:
        return context
    if _sdk_is_installed():
        return context  # it begins a trace with the first span
    return trace.set_span_in_context(NonRecordingSpan(_new_trace()), context)


def _sdk_is_installed() -> bool:
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def _new_trace() -> SpanContext:
    return SpanContext(
        trace_id=int.from_bytes(secrets.token_bytes(16)) or 1,
        span_id=int.from_bytes(secrets.token_bytes(8)) or 1,
        is_remote=False,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )


def export_spans() -> None:
    """Send spans by OTLP where the environment names a receiver (OTEL_EXPORTER_OTLP_ENDPOINT or
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT; the other OTEL_ variables as the SDK documents them).

    Needs the extra `waterdesk[otel]`; without it one line is logged and nothing is sent.
    """
    named = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or os.environ.get(
        "OTEL_EXPORTER_OTLP_ENDPOINT"
    )
    switched_off = (
        os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
        or os.environ.get("OTEL_TRACES_EXPORTER") == "none"
    )
    if not named or switched_off:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning("otel_extra_missing", install="waterdesk[otel]")
        return
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
