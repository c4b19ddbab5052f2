"""Dispatch's tables for SQLAlchemy Core: pages read a few columns of many tables."""

from services.dispatch import models
from shared.sql import table_of

alert = table_of(models.Alert)
alert_person = table_of(models.AlertPerson)
complaint = table_of(models.Complaint)
crew = table_of(models.Crew)
deadline = table_of(models.DeadlineView)
extension = table_of(models.ExtensionView)
missed_cause = table_of(models.MissedCause)
reply = table_of(models.ReplyView)
scheme = table_of(models.Scheme)
scheme_case = table_of(models.SchemeCase)
scheme_rank = table_of(models.SchemeRank)
scheme_village = table_of(models.SchemeVillage)
staff = table_of(models.Staff)
staff_message = table_of(models.StaffMessage)
way_health = table_of(models.WayHealth)
work_order = table_of(models.WorkOrder)
