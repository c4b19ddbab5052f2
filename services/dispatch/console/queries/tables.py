"""Dispatch's tables for SQLAlchemy Core: pages read a few columns of many tables."""

from services.dispatch import models
from services.dispatch.models import metadata

complaint, crew, failure, hotspot, deadline, reply, scheme, scheme_village, staff, work_order = (
    metadata.tables[str(model.__tablename__)]
    for model in (
        models.Complaint,
        models.Crew,
        models.Failure,
        models.Hotspot,
        models.DeadlineView,
        models.ReplyView,
        models.Scheme,
        models.SchemeVillage,
        models.Staff,
        models.WorkOrder,
    )
)
