"""What reply keeps. No resident's name, phone, address or words; only what we answer them.

Complaint, Deadline and Reply change through their named methods only. A method returns the events
that follow from it; whoever calls it puts them into the outbox.
"""

from services.reply.rules.delivery import ReplyState as ReplyState

from .base import metadata as metadata
from .call_back import CallBack as CallBack
from .complaint import Complaint as Complaint
from .complaint import ComplaintState as ComplaintState
from .deadline import Deadline as Deadline
from .deadlines_told import deadlines_set as deadlines_set
from .extension import ExtensionRequest as ExtensionRequest
from .pause import Pause as Pause
from .platform_health import PlatformHealth as PlatformHealth
from .release_rule import ReleaseRule as ReleaseRule
from .reply import Reply as Reply
from .round import LaterRound as LaterRound
from .rulebook import RulebookEffect as RulebookEffect
from .rulebook import RulebookVersion as RulebookVersion
from .sweep_heartbeat import SweepHeartbeat as SweepHeartbeat
from .template_version import TemplateVersion as TemplateVersion
from .work_order import Link as Link
from .work_order import WorkOrder as WorkOrder
