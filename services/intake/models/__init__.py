"""Intake's tables. A resident's words, name, phone and address stand here alone, and sealed."""

from services.intake.rules.deduplication import DeliveryResult as DeliveryResult

from .base import metadata as metadata
from .base import sealed_in as sealed_in
from .complaint import Complaint as Complaint
from .delivery import Ingested as Ingested
from .delivery import NewDelivery as NewDelivery
from .delivery import RawMessage as RawMessage
from .delivery import Words as Words
from .privacy import Disclosure as Disclosure
from .privacy import Erasure as Erasure
from .privacy import PrivacyKey as PrivacyKey
from .privacy import ResidentData as ResidentData
from .reading import PlatformCursor as PlatformCursor
from .reading import Question as Question
from .reading import ThreadReread as ThreadReread
