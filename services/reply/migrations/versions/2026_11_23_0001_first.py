"""Reply's own tables and the bus's."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

from shared.bus.migration import make_bus_tables_1

revision = "2026_11_27"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    make_bus_tables_1()
    _make_complaint()
    _make_deadline()
    _make_work_order()
    _make_reply()
    _make_platform_health()
    _make_extension_request()
    _make_rulebook()
    _make_template_version()
    _make_release_rule()
    _make_call_back()


def _at(name: str, *, nullable: bool = True, primary_key: bool = False) -> "sa.Column[datetime]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, primary_key=primary_key)


def _text(name: str, *, nullable: bool = False, primary_key: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.String, nullable=nullable, primary_key=primary_key)


def _count(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.Integer, nullable=False)


def _round() -> "sa.Column[int]":
    return sa.Column(
        "round", sa.SmallInteger, primary_key=True, autoincrement=False, server_default="1"
    )


def _make_complaint() -> None:
    op.create_table(
        "complaint",
        _text("id", primary_key=True),
        _text("county"),
        _text("platform"),
        _text("external_id"),
        _at("sent_at", nullable=False),
        _at("received_at", nullable=False),
        _text("time_limit", nullable=True),
        sa.Column("limit_unreadable", sa.Boolean, nullable=False),
        _text("category"),
        sa.Column("urgent", sa.Boolean, nullable=False),
        _text("village", nullable=True),
        sa.Column("is_ours", sa.Boolean, nullable=False),
        sa.Column("needs_human", sa.Boolean, nullable=False),
        sa.Column("decision_sequence", sa.BigInteger, nullable=False),
        _text("counted_by"),
        _text("state"),
        _at("decided_at"),
        _at("contacted_at"),
        _at("last_contacted_at"),
        sa.Column("round", sa.SmallInteger, nullable=False, server_default="1"),
        _count("chases"),
        _at("chased_at"),
        _at("first_chased_at"),
        _at("first_supervised_at"),
        sa.Column("pauses", sa.SmallInteger, nullable=False, server_default="0"),
        _at("accepted_at"),
        _at("acknowledge_at"),
        _count("acknowledge_attempts"),
        _at("acknowledged_at"),
    )
    op.create_index(
        "complaint_counted",
        "complaint",
        ["county", "counted_by"],
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "complaint_to_acknowledge",
        "complaint",
        ["acknowledge_at"],
        postgresql_where=sa.text("acknowledge_at IS NOT NULL"),
    )


def _make_deadline() -> None:
    op.create_table(
        "deadline",
        _text("complaint_id", primary_key=True),
        _text("stage", primary_key=True),
        _round(),
        _text("county"),
        _at("due_at", nullable=False),
        _at("warn_at", nullable=False),
        sa.Column("provisional", sa.Boolean, nullable=False),
        _text("source"),
        sa.Column("unverified", sa.Boolean, nullable=False),
        _text("standing"),
        _at("next_at"),
        _at("warned_at"),
        _at("met_at"),
        _at("missed_recorded_at"),
        sa.Column("ladder", sa.String, nullable=False),
        sa.Column("step", sa.SmallInteger, nullable=False),
        sa.Column("length_seconds", sa.Integer, nullable=False),
        sa.Column("in_office_time", sa.Boolean, nullable=False),
        _at("paused_since"),
        _text("paused_for", nullable=True),
        sa.Column("extensions_allowed", sa.Integer, nullable=False),
        _count("extensions_granted"),
        _at("extension_asked_until"),
    )
    op.create_index(
        "deadline_due_next",
        "deadline",
        ["next_at"],
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index(
        "deadline_warned",
        "deadline",
        ["due_at"],
        postgresql_where=sa.text("standing = 'warned' AND stage IN ('resolve', 'reply')"),
    )
    op.create_table(
        "later_round",
        _text("complaint_id", primary_key=True),
        _round(),
        _text("why"),
        _text("cause"),
        _at("started_at", nullable=False),
        sa.Column("after_sequence", sa.BigInteger, nullable=False),
        _count("after_version"),
        sa.UniqueConstraint("complaint_id", "cause", name="later_round_once_a_cause"),
    )
    op.create_table(
        "pause",
        _text("id", primary_key=True),
        _text("complaint_id"),
        sa.Column("round", sa.SmallInteger, nullable=False),
        _text("county"),
        _text("kind"),
        _text("reason"),
        _at("started_at", nullable=False),
        _text("started_by"),
        _at("ends_at", nullable=False),
        sa.Column("is_expected", sa.Boolean, nullable=False),
        _at("ended_at"),
        _text("ended_by", nullable=True),
        _text("why_ended", nullable=True),
    )
    op.create_index("pause_of_complaint", "pause", ["complaint_id", "started_at"])
    op.create_index(
        "pause_ends", "pause", ["ends_at"], postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "sweep_heartbeat",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        _at("last_swept_at", nullable=False),
        sa.CheckConstraint("id = 1", name="sweep_heartbeat_is_one"),
    )


def _make_work_order() -> None:
    op.create_table(
        "work_order",
        _text("id", primary_key=True),
        _text("county"),
        _text("scheme_name", nullable=True),
        _text("crew_name", nullable=True),
        _at("arrived_at"),
        sa.Column("arrived_sequence", sa.BigInteger),
        _at("repaired_at"),
        sa.Column("repaired_sequence", sa.BigInteger),
        _text("found", nullable=True),
        _text("done", nullable=True),
        _text("nothing_found", nullable=True),
        _at("first_repaired_at"),
        sa.Column("first_repaired_sequence", sa.BigInteger),
        _at("last_arrived_at"),
        sa.Column("last_arrived_sequence", sa.BigInteger),
        _at("expected_at"),
        _text("found_so_far", nullable=True),
        sa.Column("expected_sequence", sa.BigInteger),
    )
    op.create_table(
        "link",
        _text("complaint_id", primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        _text("work_order_id"),
        _at("linked_at", nullable=False),
    )
    op.create_index("link_of_work_order", "link", ["work_order_id"])


def _make_reply() -> None:
    op.create_table(
        "reply",
        _text("complaint_id", primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        _text("county"),
        _text("platform"),
        sa.Column("request_id", sa.String, nullable=False, unique=True),
        _text("state"),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("solved", sa.Boolean, nullable=False),
        _text("kind"),
        sa.Column("is_true", sa.Boolean, nullable=False),
        _text("said"),
        _text("responsible"),
        _at("drafted_at", nullable=False),
        _text("written_by", nullable=True),
        sa.Column("repair_sequence", sa.BigInteger),
        sa.Column("contested", sa.Boolean, nullable=False),
        _text("approved_by", nullable=True),
        _at("approved_at"),
        _count("attempts"),
        _at("sent_at"),
        _at("next_attempt_at"),
        _text("receipt", nullable=True),
        _at("delivered_at"),
        sa.Column("by_sms", sa.Boolean, nullable=False),
        sa.Column("by_hand", sa.Boolean, nullable=False),
        _text("why_stuck", nullable=True),
        _at("stuck_at"),
        _text("resolved_by", nullable=True),
        _at("told_at"),
        _text("told_by", nullable=True),
    )
    op.create_index(
        "reply_due_next",
        "reply",
        ["next_attempt_at"],
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )
    op.create_index("reply_listed", "reply", ["county", "state", "drafted_at"])


def _make_call_back() -> None:
    op.create_table(
        "call_back",
        _text("complaint_id", primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        _text("county"),
        _text("asked_by"),
        _text("state"),
        _at("due_at"),
        _at("next_try_at"),
        _count("tries"),
        _at("asked_at"),
        sa.Column("satisfied", sa.Boolean),
        _at("answered_at"),
        _text("source", nullable=True),
        _text("noted_by", nullable=True),
        _text("note"),
        _text("why_closed", nullable=True),
    )
    op.create_index(
        "call_back_due",
        "call_back",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )


def _make_extension_request() -> None:
    op.create_table(
        "extension_request",
        _text("id", primary_key=True),
        _text("complaint_id"),
        _text("county"),
        _text("platform"),
        _text("stage"),
        sa.Column("round", sa.Integer, nullable=False),
        _at("until", nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        _text("asked_by"),
        _at("asked_at", nullable=False),
        _text("state"),
        _count("attempts"),
        _at("sent_at"),
        _at("next_at"),
        _text("why", nullable=True),
        _at("granted_until"),
        _at("answered_at"),
        _text("answered_by", nullable=True),
        _text("resident"),
        _at("told_at"),
        _text("told_by", nullable=True),
    )
    op.create_index("extension_of_complaint", "extension_request", ["complaint_id"])
    op.create_index(
        "extension_due_next",
        "extension_request",
        ["next_at"],
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )


def _make_platform_health() -> None:
    op.create_table(
        "platform_health",
        _text("platform", primary_key=True),
        _at("last_success_at"),
        _at("last_failure_at"),
        _text("failure", nullable=True),
        _at("unavailable_since"),
    )


def _make_rulebook() -> None:
    op.create_table(
        "rulebook_version",
        _text("county", primary_key=True),
        _text("kind", primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("content", sa.Text, nullable=False),
        _at("saved_at", nullable=False),
        _text("saved_by", nullable=True),
        _text("note"),
    )
    op.create_table(
        "rulebook_effect",
        _text("county", primary_key=True),
        _text("kind", primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        _count("complaints"),
        _count("complaints_moved"),
        _count("moved"),
        _count("missed"),
        _count("firm"),
        _count("earliest_by"),
        _count("latest_by"),
    )


def _make_template_version() -> None:
    op.create_table(
        "template_version",
        _text("county", primary_key=True),
        _text("platform", primary_key=True),
        _text("answering", primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("text", sa.Text, nullable=False),
        _text("changed_by"),
        _at("changed_at", nullable=False),
        _text("note"),
    )


def _make_release_rule() -> None:
    op.create_table(
        "release_rule",
        _text("county", primary_key=True),
        _text("name", primary_key=True),
        _count("version"),
        _text("platform"),
        _text("answering"),
        _text("category"),
        _count("most_complaints"),
        _text("written_by"),
        _at("written_at", nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        _text("switched_by", nullable=True),
        _at("switched_at"),
    )
