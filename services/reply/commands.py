"""The commands reply takes: one schema each, checked where the command comes in."""

from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from services.reply.rules.pauses import PauseKind
from shared.vocabulary import Category


class _Command(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Receipt = Annotated[str | None, Field(min_length=1, max_length=100)]


class WriteDraft(_Command):
    """Put a new version in the place of the newest one."""

    text: Annotated[str, Field(min_length=1, max_length=2000)]
    solved: bool
    version: Annotated[int, Field(ge=0)]
    """The newest version its writer has read; 0 where there is none."""
    responsible: Annotated[str, Field(max_length=100)] = ""
    """Who is, where the ticket goes back."""
    interim: bool = False
    """Another answer follows, after the repair."""
    is_true: bool = True
    """诉求属实: what the resident said is so."""


class ApproveReply(_Command):
    """Let a version be sent."""

    version: Annotated[int, Field(ge=1)]
    confirmed: bool = False
    """What the checks find serious in its words is right all the same."""


class DraftVersion(ApproveReply):
    complaint_id: Annotated[str, Field(min_length=1, max_length=100)]


MOST_AT_ONCE = 500


class ApproveReplies(_Command):
    """Let many versions be sent, each as if it were approved alone."""

    replies: Annotated[tuple[DraftVersion, ...], Field(min_length=1, max_length=MOST_AT_ONCE)]


class ReadDrafts(_Command):
    """Ask for the words of many drafts, or of many approved replies."""

    complaint_ids: Annotated[tuple[str, ...], Field(min_length=1, max_length=MOST_AT_ONCE)]
    state: Literal["draft", "approved"] = "draft"


class ResolveStuck(_Command):
    """A person has looked on the platform for a stuck version."""

    version: Annotated[int, Field(ge=1)]
    outcome: Literal["arrived", "send_again"]
    receipt: Receipt = None


class NoteTold(_Command):
    """An approved version was phoned, or posted on a platform we have no channel to."""

    version: Annotated[int, Field(ge=1)]
    receipt: Receipt = None


class NoteNotReached(_Command):
    """Nobody answered the call about an approved version."""

    version: Annotated[int, Field(ge=1)]
    again_in: Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(days=3))] = timedelta(
        hours=2
    )
    """When it is tried again."""


class NoteCallBack(_Command):
    """What came of asking a resident whether it is solved."""

    version: Annotated[int, Field(ge=0)]
    """Of the answer they were asked about."""
    outcome: Literal["satisfied", "not_solved", "not_reached", "declined"]
    note: Annotated[str, Field(max_length=500)] = ""
    """What is not solved: about the fault, never about a person."""


class RecordContact(_Command):
    """Somebody spoke to the resident."""

    contacted_at: AwareDatetime | None = None
    """None: just now."""


class PauseDeadlines(_Command):
    """Stop the clocks of complaints that wait for the same."""

    complaint_ids: Annotated[tuple[str, ...], Field(min_length=1, max_length=MOST_AT_ONCE)]
    kind: PauseKind
    reason: Annotated[str, Field(min_length=2, max_length=500)]
    until: AwareDatetime | None = None
    """When it is expected to end; it ends by itself then. None: not known."""


class ResumeDeadlines(_Command):
    """Let them go on."""

    complaint_ids: Annotated[tuple[str, ...], Field(min_length=1, max_length=MOST_AT_ONCE)]
    kind: PauseKind | None = None
    """None: whatever they wait for."""


class AskExtension(_Command):
    """The platform is asked for more time."""

    new_due_at: AwareDatetime
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class AnswerExtension(_Command):
    """What the platform answered."""

    granted: bool
    new_due_at: AwareDatetime | None = None
    """Where it granted another time than asked for."""


RulebookText = Annotated[str, Field(min_length=1, max_length=100_000)]


class CheckRulebook(_Command):
    """What a text would be, were it saved."""

    content: RulebookText


class SaveRulebook(_Command):
    """A new version of the county's policies or of its calendar."""

    based_on: Annotated[int, Field(ge=1)]
    """The version it was changed from; another may have been saved meanwhile."""
    content: RulebookText
    note: Annotated[str, Field(min_length=2, max_length=200)]
    """Why; stands beside every deadline that it moves."""


class RestoreRulebook(_Command):
    """An old version becomes the newest again."""

    based_on: Annotated[int, Field(ge=1)]
    note: Annotated[str, Field(min_length=2, max_length=200)]


class ChangeOfRulebook(_Command):
    path: Annotated[tuple[str, ...], Field(min_length=1, max_length=10)]
    """Keys, and indexes of list items, from the top."""
    value: JsonValue
    """None: what stands there is taken out."""


class ComposeRulebook(_Command):
    """The newest version with some places changed: what forms know not, stays."""

    changes: Annotated[tuple[ChangeOfRulebook, ...], Field(min_length=1, max_length=200)]


class ComposePolicy(_Command):
    """The newest policies with one of them changed: at its place, or from a day on."""

    changes: Annotated[tuple[ChangeOfRulebook, ...], Field(max_length=200)]
    """Paths inside the policy."""
    counts_from: date | None = None
    """The day from which the change counts: the old policy ends the day before, and a copy with
    the changes follows it. None: the policy is changed itself, for all that it has counted."""


class ComposeNotice(_Command):
    """The newest calendar with the year of this notice published."""

    notice: RulebookText


_TemplateText = Annotated[str, Field(max_length=4000)]


class PreviewTemplate(_Command):
    text: _TemplateText
    real: bool = False
    """With the facts of the newest open complaint of the platform, where there is one."""


class SaveTemplate(_Command):
    """The next version of a county's template."""

    text: _TemplateText
    version: Annotated[int, Field(ge=0)]
    """The newest one its writer has read; 0: as shipped."""
    note: Annotated[str, Field(max_length=200)] = ""


class WriteRule(_Command):
    """Which drafts go out by themselves. The rule is off until it is switched on."""

    platform: Annotated[str, Field(min_length=1, max_length=50)]
    answering: Literal["solved", "interim"]
    category: Category | Literal["any"] = "any"
    most_complaints: Annotated[int, Field(ge=1, le=500)]


class SwitchRule(_Command):
    on: bool
