"""Generated requests against what the three OpenAPI documents promise, with and without a token.

A bounded run with a fixed seed: no 5xx, no answer, media type or body that a document does not
declare, nothing accepted that a schema forbids, and nobody served without a token.
"""

import asyncio
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.contract.http.conftest import County

SERVICES = ("intake", "dispatch", "reply")
Operation = APIOperation[Any, Any, Any, Any]
_POSITIVE, _NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
_BOUNDED = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
_SIGNED_IN = settings(_BOUNDED, max_examples=12)
_NOBODY = settings(_BOUNDED, max_examples=4)


def requests_for(
    operation: Operation, headers: dict[str, str], known: dict[str, str]
) -> st.SearchStrategy[Case[Any]]:
    """Some as the schema wants, some against it; some about what exists, most about nothing."""
    fitting = {
        parameter.name: known[parameter.name]
        for parameter in operation.path_parameters
        if parameter.name in known
    }
    made = [
        operation.as_strategy(_POSITIVE, headers=headers),
        operation.as_strategy(_NEGATIVE, headers=headers),
    ]
    if fitting:
        made.append(operation.as_strategy(_POSITIVE, headers=headers, path_parameters=fitting))
    return st.one_of(made)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_keeps_to_its_document(county: County, service: str) -> None:
    failures = await asyncio.to_thread(_failures_of, county, service)
    assert not failures, "\n\n".join(failures)


def _failures_of(county: County, service: str) -> list[str]:
    schema = schemathesis.openapi.from_dict(county.services[service].app.openapi())
    failures = []
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        for bounds, headers in ((_SIGNED_IN, county.authorization), (_NOBODY, {})):
            try:
                _ask(county, county.urls[service], operation, headers, bounds)
            except FailureGroup as error:
                failures.append(f"{operation.label}\n{error}")
    return failures


def _ask(
    county: County, url: str, operation: Operation, headers: dict[str, str], bounds: settings
) -> None:
    guarded = "security" in operation.definition.raw

    @bounds
    @given(case=requests_for(operation, headers, county.known))
    def keeps_to_the_document(case: Case[Any]) -> None:
        answer = case.call(base_url=url, headers=headers)
        # Rules say more than a schema can: what it allows may still get a 422 in words.
        case.validate_response(answer, excluded_checks=[positive_data_acceptance])
        if guarded and not headers:
            assert answer.status_code in (400, 401), operation.label

    keeps_to_the_document()
