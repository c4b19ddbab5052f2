"""Where a complaint stands, and what it makes of itself."""

import pytest

from services.dispatch.rules.components import is_for_office, presumed_component
from services.dispatch.rules.fault_matching import ComplaintState, complaint_state
from shared.vocabulary import Category, Component


@pytest.mark.parametrize(
    ("is_ours", "category", "needs_human", "has_village", "has_scheme", "where"),
    [
        (True, Category.OUTAGE, False, True, True, ComplaintState.LINKED),
        (True, Category.OUTAGE, True, True, True, ComplaintState.WAITING_FOR_PERSON),
        (False, Category.NOT_OURS, True, False, False, ComplaintState.WAITING_FOR_PERSON),
        (False, Category.OUTAGE, False, True, True, ComplaintState.NOT_OURS),
        (True, Category.NOT_OURS, False, True, True, ComplaintState.NOT_OURS),
        (True, Category.OUTAGE, False, False, False, ComplaintState.WAITING_FOR_PERSON),
        (True, Category.OUTAGE, False, True, False, ComplaintState.NO_SCHEME),
    ],
)
def test_where_a_complaint_stands(
    is_ours: bool,
    category: Category,
    needs_human: bool,
    has_village: bool,
    has_scheme: bool,
    where: ComplaintState,
) -> None:
    assert where is complaint_state(
        is_ours=is_ours,
        category=category,
        needs_human=needs_human,
        has_village=has_village,
        has_scheme=has_scheme,
    )


@pytest.mark.parametrize(
    ("category", "component", "office"),
    [
        (Category.BILLING, None, True),
        (Category.BILLING, Component.METER, True),
        (Category.OTHER, None, True),
        (Category.OTHER, Component.TANK, False),
        (Category.OUTAGE, None, False),
    ],
)
def test_what_needs_no_repairer_goes_to_the_office(
    category: Category, component: Component | None, office: bool
) -> None:
    assert is_for_office(category, component) is office


@pytest.mark.parametrize(
    ("category", "parts", "presumed"),
    [
        (Category.OUTAGE, ["well", "pump", "network"], Component.NETWORK),
        (Category.OUTAGE, ["well", "pump", "service_line"], Component.PUMP),
        (Category.WATER_QUALITY, ["tank", "network"], Component.TANK),
        (Category.PIPE_LEAK, [], Component.NETWORK),
    ],
)
def test_what_is_looked_at_first_is_a_part_the_scheme_has(
    category: Category, parts: list[str], presumed: Component
) -> None:
    assert presumed_component(category, parts) is presumed
