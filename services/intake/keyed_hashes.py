"""Knowing people and words again without keeping them in the clear."""

import hashlib
import hmac
import re

from services.intake.platforms.incoming import Incoming
from services.intake.rules.deduplication import content_hash

_NOT_A_DIGIT = re.compile(r"\D")
_COUNTRY = re.compile(r"^(?:0086|86)(?=1\d{10}$)")


class KeyedHashes:
    """Hashes (32 bytes) that nobody without the deployment's secret can compute or test a guess by.

    With another secret nobody is known again who was stored under the old one: a chase on WeChat or
    the telephone is a new complaint then, and nothing worse.
    """

    def __init__(self, secret: str) -> None:
        self._of_persons, self._of_words = (
            hmac.digest(secret.encode(), b"waterdesk intake " + use, hashlib.sha256)
            for use in (b"persons", b"words")
        )

    def of_person(self, incoming: Incoming) -> bytes | None:
        """The same for the same handle on one platform, or the same phone number on any."""
        resident = incoming.resident
        if resident.handle:
            return self._person(f"{incoming.county}/{incoming.platform}/{resident.handle}")
        return self.of_phone(incoming.county, resident.phone or "")

    def of_phone(self, county: str, phone: str) -> bytes | None:
        """None where `phone` holds no digit."""
        digits = _COUNTRY.sub("", _NOT_A_DIGIT.sub("", phone))
        return self._person(f"{county}/phone/{digits}") if digits else None

    def _person(self, name: str) -> bytes:
        return hmac.digest(self._of_persons, name.encode("utf-8", "surrogatepass"), hashlib.sha256)

    def of_content(self, incoming: Incoming) -> bytes:
        """The same where nothing differs that an edit can change."""
        resident = incoming.resident
        all_of_it = (
            incoming.text,
            incoming.time_limit,
            *((incoming.limit_changes,) if incoming.limit_changes else ()),
            incoming.printed_urgent,
            resident.name,
            resident.phone,
            resident.address_line,
        )
        return content_hash(incoming.title, repr(all_of_it), key=self._of_words)
