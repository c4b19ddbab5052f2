"""Dispatch's own tables and the bus's."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.bus.migration import make_bus_tables_1

revision = "2026_11_27"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    make_bus_tables_1()
    op.create_table(
        "crew",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("is_office", sa.Boolean, nullable=False),
        sa.Column("skills", JSONB, nullable=False),
        sa.Column("towns", JSONB, nullable=False),
        sa.Column("shifts", JSONB, nullable=False),
        sa.Column("on_call", sa.Boolean, nullable=False),
        sa.Column("capacity", sa.Integer, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("idle_since", sa.DateTime(timezone=True)),
    )
    op.create_index("crew_of_county", "crew", ["county"])

    op.create_table(
        "deadline_view",
        sa.Column("complaint_id", sa.String, primary_key=True),
        sa.Column("stage", sa.String, primary_key=True),
        sa.Column(
            "round", sa.SmallInteger, primary_key=True, autoincrement=False, server_default="1"
        ),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("warn_at", sa.DateTime(timezone=True)),
        sa.Column("provisional", sa.Boolean, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("unverified", sa.Boolean, nullable=False),
        sa.Column("paused_since", sa.DateTime(timezone=True)),
        sa.Column("paused_for", sa.String),
        sa.Column("was_paused", sa.Boolean, nullable=False, server_default="false"),
        sa.Column("limit_unreadable", sa.Boolean, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("met_at", sa.DateTime(timezone=True)),
        sa.Column("late", sa.Boolean, nullable=False),
        sa.Column("set_step", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("told_step", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("told_level", sa.String),
        sa.Column("despite_acknowledgement", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("step", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("set_sequence", sa.BigInteger, nullable=False),
        sa.Column("state_sequence", sa.BigInteger, nullable=False),
    )
    _partial_index(
        "deadline_unmet",
        "deadline_view",
        ["county", "due_at"],
        "met_at IS NULL AND state IN ('open', 'warned', 'missed')",
    )
    _partial_index(
        "deadline_at_step", "deadline_view", ["complaint_id"], "step > 0 AND met_at IS NULL"
    )

    op.create_table(
        "deadline_move",
        sa.Column("complaint_id", sa.String, primary_key=True),
        sa.Column("stage", sa.String, primary_key=True),
        sa.Column("round", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("old_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("new_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("note", sa.String, nullable=False),
    )

    op.create_table(
        "extension_view",
        sa.Column("request_id", sa.String, primary_key=True),
        sa.Column("complaint_id", sa.String, nullable=False),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("stage", sa.String, nullable=False),
        sa.Column("round", sa.SmallInteger, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("why", sa.String),
        sa.Column("next_try_at", sa.DateTime(timezone=True)),
        sa.Column("granted_until", sa.DateTime(timezone=True)),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("resident", sa.String, nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True)),
        sa.Column("told_by", sa.String),
        sa.Column("sequence", sa.BigInteger, nullable=False),
    )
    op.create_index("extension_of_complaint", "extension_view", ["complaint_id"])
    _partial_index("extension_to_tell", "extension_view", ["county"], "resident = 'by_hand'")

    op.create_table(
        "missed_cause",
        sa.Column("complaint_id", sa.String, primary_key=True),
        sa.Column("stage", sa.String, primary_key=True),
        sa.Column(
            "round", sa.SmallInteger, primary_key=True, autoincrement=False, server_default="1"
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("cause", sa.String, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("given_by", sa.String, nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
    )

    op.create_table(
        "reply_view",
        sa.Column("complaint_id", sa.String, primary_key=True),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("solved", sa.Boolean, nullable=False),
        sa.Column("sequences", JSONB, nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True)),
        sa.Column("approved_by", sa.String),
        sa.Column("approved_at", sa.DateTime(timezone=True)),
        sa.Column("by_hand", sa.Boolean, nullable=False),
        sa.Column("retry_state", sa.String),
        sa.Column("why_waiting", sa.String),
        sa.Column("next_try_at", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("stuck_at", sa.DateTime(timezone=True)),
        sa.Column("why_stuck", sa.String),
        sa.Column("delivered_at", sa.DateTime(timezone=True)),
        sa.Column("receipt", sa.String),
        sa.Column("told_at", sa.DateTime(timezone=True)),
        sa.Column("told_by", sa.String),
    )
    _partial_index(
        "reply_to_do",
        "reply_view",
        ["county", "state", "drafted_at"],
        "state <> 'delivered'",
    )
    _partial_index(
        "reply_delivered",
        "reply_view",
        ["county", "delivered_at", "complaint_id"],
        "state = 'delivered'",
    )

    op.create_table(
        "code_table",
        sa.Column("county", sa.String, primary_key=True),
        sa.Column("system", sa.String, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("lines", JSONB, nullable=False),
        sa.Column("changed_by", sa.String, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
    )

    op.create_table(
        "export_job",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("asked_by", sa.String, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("listing", sa.String, nullable=False),
        sa.Column("form", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("chosen", JSONB, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True)),
        sa.Column("rows_in_all", sa.Integer, nullable=False),
        sa.Column("rows_written", sa.Integer, nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
    )
    _partial_index("export_to_do", "export_job", ["asked_at"], "state IN ('waiting', 'running')")
    op.create_index("export_asked_at", "export_job", ["asked_at"])
    op.create_table(
        "export_part",
        sa.Column(
            "job_id",
            sa.String,
            sa.ForeignKey("export_job.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )

    op.create_table(
        "scheme",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("built_year", sa.Integer, nullable=False),
        sa.Column("design_m3_per_day", sa.Float, nullable=False),
        sa.Column("people", sa.Integer, nullable=False),
        sa.Column("households", sa.Integer, nullable=False),
        sa.Column("components", JSONB, nullable=False),
        sa.Column("responsible_posts", JSONB, nullable=False),
    )
    op.create_index("scheme_of_county", "scheme", ["county"])

    op.create_table(
        "hotspot",
        sa.Column("scheme_id", sa.String, sa.ForeignKey("scheme.id"), primary_key=True),
        sa.Column("component", sa.String, primary_key=True),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("window_days", sa.Integer, nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("work_order_ids", JSONB, nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_by", sa.String),
        sa.Column("seen_at", sa.DateTime(timezone=True)),
    )
    op.create_index("hotspot_of_county", "hotspot", ["county", "last_at"])

    op.create_table(
        "scheme_village",
        sa.Column("village_code", sa.String, primary_key=True),
        sa.Column("scheme_id", sa.String, sa.ForeignKey("scheme.id"), nullable=False),
        sa.Column("village", sa.String, nullable=False),
        sa.Column("town", sa.String, nullable=False),
    )
    op.create_index("village_of_scheme", "scheme_village", ["scheme_id"])

    op.create_table(
        "staff",
        sa.Column("sign_in_name", sa.String, primary_key=True),
        sa.Column("display_name", sa.String, nullable=False),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("crew_id", sa.String, sa.ForeignKey("crew.id")),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("wecom_userid", sa.String),
        sa.Column("phone", sa.String),
        sa.Column("declined_ways", JSONB, nullable=False, server_default="[]"),
        sa.Column("addresses_edited", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("levels", JSONB),
        sa.Column("alert_sound", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("password_hash", sa.String),
        sa.Column("password_is_one_time", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "digest_subscription",
        sa.Column("sign_in_name", sa.String, sa.ForeignKey("staff.sign_in_name"), primary_key=True),
        sa.Column("at", sa.Time, nullable=False),
    )
    op.create_table(
        "sign_in",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("sign_in_name", sa.String, sa.ForeignKey("staff.sign_in_name"), nullable=False),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("sign_in_of_staff", "sign_in", ["sign_in_name"])
    op.create_index("sign_in_at", "sign_in", ["signed_in_at"])
    op.create_table(
        "sign_in_failures",
        sa.Column("counter", sa.String, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("sign_in_failed_at", "sign_in_failures", ["last_at"])

    op.create_table(
        "numbers_of_day",
        sa.Column("county", sa.String, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("given", sa.Integer, nullable=False),
    )

    op.create_table(
        "work_order",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("number", sa.String),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("scheme_id", sa.String, sa.ForeignKey("scheme.id"), nullable=False),
        sa.Column("village_code", sa.String, nullable=False),
        sa.Column("village", sa.String, nullable=False),
        sa.Column("town", sa.String, nullable=False),
        sa.Column("village_group", sa.String),
        sa.Column("category", sa.String, nullable=False),
        sa.Column("component", sa.String, nullable=False),
        sa.Column("component_named", sa.Boolean, nullable=False),
        sa.Column("for_office", sa.Boolean, nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("first_sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("complaints", sa.Integer, nullable=False),
        sa.Column("chases", sa.Integer, nullable=False),
        sa.Column("crew_id", sa.String, sa.ForeignKey("crew.id")),
        sa.Column("assigned_at", sa.DateTime(timezone=True)),
        sa.Column("assign_reason", sa.String),
        sa.Column("given_back_by", JSONB, nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True)),
        sa.Column("arrived_at", sa.DateTime(timezone=True)),
        sa.Column("expected_at", sa.DateTime(timezone=True)),
        sa.Column("found_so_far", sa.String, nullable=False),
        sa.Column("repaired_at", sa.DateTime(timezone=True)),
        sa.Column("found", sa.String, nullable=False),
        sa.Column("done", sa.String, nullable=False),
        sa.Column("reworks", sa.Integer, nullable=False),
        sa.Column("rework_of", sa.String),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.String),
        sa.Column("merged_into", sa.String),
    )
    _partial_index("work_order_closed", "work_order", ["county", "closed_at"], "state = 'closed'")
    _partial_index("work_order_of_fault", "work_order", ["rework_of"], "rework_of IS NOT NULL")
    _partial_index(
        "work_order_of_crew",
        "work_order",
        ["crew_id"],
        "state IN ('assigned', 'accepted', 'on_site')",
    )
    _partial_index("work_order_of_scheme", "work_order", ["scheme_id"], "state <> 'closed'")
    op.create_index(
        "work_order_of_number",
        "work_order",
        ["county", "number"],
        unique=True,
        postgresql_where=sa.text("number IS NOT NULL"),
    )
    _partial_index("work_order_open", "work_order", ["county", "opened_at"], "state <> 'closed'")
    _partial_index(
        "work_order_without_crew", "work_order", ["county"], "state = 'waiting_for_crew'"
    )

    op.create_table(
        "complaint",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("platform", sa.String, nullable=False),
        sa.Column("external_id", sa.String, nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("time_limit", sa.String),
        sa.Column("is_ours", sa.Boolean, nullable=False),
        sa.Column("category", sa.String, nullable=False),
        sa.Column("second_category", sa.String),
        sa.Column("component", sa.String),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("says_repeated", sa.Boolean, nullable=False),
        sa.Column("village_code", sa.String),
        sa.Column("village", sa.String),
        sa.Column("town", sa.String),
        sa.Column("village_group", sa.String),
        sa.Column("category_confidence", sa.Float, nullable=False),
        sa.Column("place_confidence", sa.Float, nullable=False),
        sa.Column("needs_human", sa.Boolean, nullable=False),
        sa.Column("decided_by", sa.String),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("edited_at", sa.DateTime(timezone=True)),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("work_order_id", sa.String, sa.ForeignKey("work_order.id")),
        sa.Column("linked_at", sa.DateTime(timezone=True)),
        sa.Column("link_reason", sa.String),
        sa.Column("chases", sa.Integer, nullable=False),
        sa.Column("chased_at", sa.DateTime(timezone=True)),
    )
    op.create_index("complaint_listed", "complaint", ["county", "received_at"])
    op.create_index("complaint_of_number", "complaint", ["county", "external_id"])
    op.create_index("complaint_of_work_order", "complaint", ["work_order_id"])
    _partial_index(
        "complaint_to_decide",
        "complaint",
        ["county", "received_at"],
        "state IN ('waiting_for_person', 'no_scheme')",
    )
    _partial_index("complaint_without_scheme", "complaint", ["village_code"], "state = 'no_scheme'")

    op.create_table(
        "failure",
        sa.Column("work_order_id", sa.String, sa.ForeignKey("work_order.id"), primary_key=True),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("scheme_id", sa.String, sa.ForeignKey("scheme.id"), nullable=False),
        sa.Column("component", sa.String, nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("repaired_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("failure_of_component", "failure", ["scheme_id", "component", "failed_at"])
    op.create_index("failure_of_county", "failure", ["county", "failed_at"])

    op.create_table(
        "history_import",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("file_name", sa.String, nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.String, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "past_failure",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("import_id", sa.String, sa.ForeignKey("history_import.id"), nullable=False),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("scheme_id", sa.String, sa.ForeignKey("scheme.id"), nullable=False),
        sa.Column("component", sa.String, nullable=False),
        sa.Column("village", sa.String, nullable=False),
        sa.Column("failed_on", sa.Date, nullable=False),
        sa.Column("repaired_on", sa.Date, nullable=False),
        sa.Column("complaints", sa.Integer, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.UniqueConstraint(
            "scheme_id",
            "component",
            "failed_on",
            "village",
            "number",
            name="past_failure_is_told_once",
        ),
    )
    op.create_index("past_failure_of_county", "past_failure", ["county", "failed_on"])
    op.create_index("past_failure_of_import", "past_failure", ["import_id"])

    op.create_table(
        "scheme_rank",
        sa.Column("scheme_id", sa.String, sa.ForeignKey("scheme.id"), primary_key=True),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("people_affected", sa.Float, nullable=False),
        sa.Column("expected", sa.Float, nullable=False),
        sa.Column("low", sa.Float, nullable=False),
        sa.Column("high", sa.Float, nullable=False),
        sa.Column("complaints_expected", sa.Float, nullable=False),
        sa.Column("trend", sa.String, nullable=False),
        sa.Column("trend_p", sa.Float),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("recent_failures", sa.Integer, nullable=False),
        sa.Column("last_failed_on", sa.Date),
        sa.Column("times_back", sa.Integer, nullable=False),
        sa.Column("hours_without_water", sa.Float, nullable=False),
        sa.Column("by_component", JSONB, nullable=False),
        sa.Column("measure", sa.String, nullable=False),
        sa.Column("measure_component", sa.String),
    )
    op.create_index("scheme_rank_listed", "scheme_rank", ["county", "rank"])
    op.create_table(
        "scheme_case",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("scheme_id", sa.String, sa.ForeignKey("scheme.id"), nullable=False),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("due_on", sa.Date),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_index(
        "scheme_case_open",
        "scheme_case",
        ["scheme_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("scheme_case_of_county", "scheme_case", ["county", "opened_at"])
    op.create_table(
        "scheme_case_step",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("case_id", sa.String, sa.ForeignKey("scheme_case.id"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("due_on", sa.Date),
        sa.Column("note", sa.String, nullable=False),
    )
    op.create_index("step_of_scheme_case", "scheme_case_step", ["case_id", "id"])
    op.create_table(
        "ranking_run",
        sa.Column("county", sa.String, primary_key=True),
        sa.Column("ranked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ranked_on", sa.Date, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("past_failures", sa.Integer, nullable=False),
        sa.Column("newest_repair_at", sa.DateTime(timezone=True)),
        sa.Column("used", sa.String, nullable=False),
        sa.Column("why", sa.String, nullable=False),
    )

    op.create_table(
        "work_order_step",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("work_order_id", sa.String, sa.ForeignKey("work_order.id"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("details", JSONB, nullable=False),
    )
    op.create_index("step_of_work_order", "work_order_step", ["work_order_id", "id"])
    _make_call_backs()
    _make_staff_messages()
    _make_alerts()


def _make_call_backs() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "call_back_view",
        sa.Column("complaint_id", sa.String, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("asked_by", sa.String, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_try_at", moment),
        sa.Column("asked_at", moment),
        sa.Column("satisfied", sa.Boolean),
        sa.Column("answered_at", moment),
        sa.Column("source", sa.String),
        sa.Column("noted_by", sa.String),
        sa.Column("why_closed", sa.String),
    )
    _partial_index(
        "call_back_to_do", "call_back_view", ["county", "next_try_at"], "state = 'to_ask'"
    )
    op.create_index("call_back_listed", "call_back_view", ["county", "state", "changed_at"])
    op.create_table(
        "rework",
        sa.Column("complaint_id", sa.String, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("answered_at", moment, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("why", sa.String),
        sa.Column("former_work_order_id", sa.String),
        sa.Column("work_order_id", sa.String),
        sa.Column("decided_at", moment, nullable=False),
        sa.Column("decided_by", sa.String),
        sa.Column("reason", sa.String, nullable=False),
    )
    _partial_index(
        "rework_to_decide", "rework", ["county", "answered_at"], "outcome = 'for_person'"
    )


def _make_staff_messages() -> None:
    op.create_table(
        "staff_message",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("alert_id", sa.String, nullable=False),
        sa.Column("sign_in_name", sa.String, nullable=False),
        sa.Column("way", sa.String, nullable=False),
        sa.Column("instead_of", sa.String),
        sa.Column("work_order_id", sa.String),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("body", sa.String, nullable=False),
        sa.Column("buttons", JSONB, nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True)),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("provider_id", sa.String),
        sa.Column("why", sa.String),
        sa.Column("provider_code", sa.String),
        sa.Column("told_otherwise_by", sa.String),
        sa.UniqueConstraint("alert_id", "sign_in_name", "way", name="staff_message_once"),
    )
    op.create_index(
        "staff_message_first_way",
        "staff_message",
        ["alert_id", "sign_in_name"],
        unique=True,
        postgresql_where=sa.text("instead_of IS NULL"),
    )
    _partial_index(
        "staff_message_due", "staff_message", ["next_attempt_at"], "state IN ('queued', 'sending')"
    )
    op.create_index("staff_message_listed", "staff_message", ["county", "queued_at"])
    _partial_index(
        "staff_message_failed",
        "staff_message",
        ["county", "queued_at"],
        "state IN ('failed', 'gave_up')",
    )
    op.create_index("staff_message_to_person", "staff_message", ["sign_in_name", "sent_at"])
    op.create_table(
        "card_update",
        sa.Column("response_code", sa.String, primary_key=True),
        sa.Column("message_id", sa.String, sa.ForeignKey("staff_message.id"), nullable=False),
        sa.Column("usable_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pressed", sa.String),
        sa.Column("pressed_at", sa.DateTime(timezone=True)),
        sa.Column("shown", sa.String),
        sa.Column("buttons", JSONB, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True)),
    )
    _partial_index("card_update_due", "card_update", ["next_attempt_at"], "state = 'queued'")
    op.create_index("card_update_of_message", "card_update", ["message_id"])
    op.create_table(
        "way_health",
        sa.Column("way", sa.String, primary_key=True),
        sa.Column("last_success_at", sa.DateTime(timezone=True)),
        sa.Column("last_failure_at", sa.DateTime(timezone=True)),
        sa.Column("failure", sa.String),
        sa.Column("unavailable_since", sa.DateTime(timezone=True)),
    )


def _make_alerts() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("fault", sa.String, nullable=False),
        sa.Column("work_order_id", sa.String),
        sa.Column("complaint_id", sa.String, nullable=False),
        sa.Column("stage", sa.String, nullable=False),
        sa.Column("round", sa.SmallInteger, nullable=False),
        sa.Column("step", sa.SmallInteger, nullable=False),
        sa.Column("level", sa.String, nullable=False),
        sa.Column("reached", sa.String, nullable=False),
        sa.Column("complaints", sa.Integer, nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stepped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.String),
        sa.Column("taken_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
    )
    op.create_index(
        "alert_open",
        "alert",
        ["fault", "stage", "round"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    _partial_index("alert_listed", "alert", ["county", "due_at", "id"], "ended_at IS NULL")
    op.create_table(
        "alert_person",
        sa.Column("alert_id", sa.String, sa.ForeignKey("alert.id"), primary_key=True),
        sa.Column("sign_in_name", sa.String, primary_key=True),
        sa.Column("step", sa.SmallInteger, primary_key=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("alert_of_person", "alert_person", ["sign_in_name", "alert_id"])
    op.create_table(
        "quiet_hours",
        sa.Column("county", sa.String, primary_key=True),
        sa.Column("starts", sa.Time, nullable=False),
        sa.Column("ends", sa.Time, nullable=False),
    )


def _partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, postgresql_where=sa.text(where))
