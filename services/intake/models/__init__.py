"""Intake's tables. A resident's words, name, phone and address stand here alone, and sealed."""

from .base import metadata as metadata
from .complaint import Complaint as Complaint
from .delivery import DeliveryResult as DeliveryResult
from .delivery import RawMessage as RawMessage
from .delivery import Words as Words
from .privacy import Disclosure as Disclosure
from .privacy import Erasure as Erasure
from .privacy import PrivacyKey as PrivacyKey
from .privacy import ResidentData as ResidentData
from .reading import PlatformCursor as PlatformCursor
from .reading import ThreadReread as ThreadReread
