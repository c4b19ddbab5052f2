"""What dispatch keeps. No resident's name, phone, address or words; intake has those."""

from services.dispatch.rules.fault_matching import ComplaintState

from .alert import Alert, AlertPerson, CountyQuietHours
from .base import metadata
from .call_back import CallBackView, Rework
from .code_table import CodeTable
from .complaint import Complaint
from .county import Crew, Scheme, SchemeVillage, Staff, Supply
from .deadline_move import DeadlineMove
from .digest import DigestSubscription
from .export_job import ExportJob, ExportPart
from .extension import ExtensionView
from .history import Failure, HistoryImport, Hotspot, PastFailure
from .missed_cause import Cause, MissedCause
from .opening import open_work_order
from .read_models import DeadlineView, ReplyView
from .scheme_case import CaseStep, SchemeCase
from .scheme_rank import RankingRun, SchemeRank
from .sign_in import SignIn, SignInFailures
from .staff_message import CardUpdate, StaffMessage, WayHealth
from .timeline import Change, Happening, Line, WorkOrderStep
from .work_order import NumbersOfDay, Outcome, WorkOrder

__all__ = [
    "Alert",
    "AlertPerson",
    "CallBackView",
    "CardUpdate",
    "CaseStep",
    "Cause",
    "Change",
    "CodeTable",
    "Complaint",
    "ComplaintState",
    "CountyQuietHours",
    "Crew",
    "DeadlineMove",
    "DeadlineView",
    "DigestSubscription",
    "ExportJob",
    "ExportPart",
    "ExtensionView",
    "Failure",
    "Happening",
    "HistoryImport",
    "Hotspot",
    "Line",
    "MissedCause",
    "NumbersOfDay",
    "Outcome",
    "PastFailure",
    "RankingRun",
    "ReplyView",
    "Rework",
    "Scheme",
    "SchemeCase",
    "SchemeRank",
    "SchemeVillage",
    "SignIn",
    "SignInFailures",
    "Staff",
    "StaffMessage",
    "Supply",
    "WayHealth",
    "WorkOrder",
    "WorkOrderStep",
    "metadata",
    "open_work_order",
]
