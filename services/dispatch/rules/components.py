"""The parts of a scheme: whose they are, who looks after them, what is presumed to have failed."""

from collections.abc import Collection, Mapping

from shared.vocabulary import Category, Component

OF_ONE_HOUSEHOLD = frozenset({Component.METER, Component.SERVICE_LINE})
OF_THE_SOURCE = frozenset(
    {
        Component.WELL,
        Component.PUMP,
        Component.ELECTRICAL,
        Component.DISINFECTION,
        Component.TANK,
    }
)
"""Every village of the scheme drinks through these."""

_FOR_THE_OFFICE = frozenset({Category.BILLING, Category.NEW_CONNECTION, Category.SERVICE})
_PRESUMED: Mapping[Category, tuple[Component, ...]] = {
    Category.OUTAGE: (Component.NETWORK, Component.PUMP),
    Category.LOW_PRESSURE: (Component.NETWORK, Component.PUMP),
    Category.PIPE_LEAK: (Component.NETWORK,),
    Category.WATER_QUALITY: (Component.DISINFECTION, Component.TANK, Component.NETWORK),
    Category.BILLING: (Component.METER,),
    Category.NEW_CONNECTION: (Component.SERVICE_LINE,),
    Category.SERVICE: (Component.SERVICE_LINE,),
}


def is_for_office(category: Category, component: Component | None) -> bool:
    """A bill, a connection, a question: no repairer is sent unless a broken part is named."""
    return category in _FOR_THE_OFFICE or (category is Category.OTHER and component is None)


def presumed_component(category: Category, of_scheme: Collection[str]) -> Component:
    """What to look at first where nobody named a part: the first of the category's usual ones that
    the scheme has. The crew says later what had really failed."""
    usual = _PRESUMED.get(category, (Component.NETWORK,))
    return next((component for component in usual if component in of_scheme), usual[0])
