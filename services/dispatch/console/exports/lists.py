"""Every list of the console that can be exported, by its name."""

from collections.abc import Mapping
from typing import Any

from services.dispatch.console.exports.county import COMPLAINTS, HOTSPOTS, SEARCH, STAFF
from services.dispatch.console.exports.evaluation import CALL_BACKS, SCHEMES
from services.dispatch.console.exports.listing import Listing
from services.dispatch.console.exports.of_services import DISCLOSURES, PARKED
from services.dispatch.console.exports.told import ALERTS, MESSAGES
from services.dispatch.console.exports.work import DUE, REPLIES, REVIEW, WAITING, WORK_ORDERS

LISTS: Mapping[str, Listing[Any]] = {
    each.name: each
    for each in (
        DUE,
        REPLIES,
        WORK_ORDERS,
        WAITING,
        REVIEW,
        CALL_BACKS,
        HOTSPOTS,
        SCHEMES,
        STAFF,
        SEARCH,
        COMPLAINTS,
        ALERTS,
        MESSAGES,
        DISCLOSURES,
        PARKED,
    )
}
