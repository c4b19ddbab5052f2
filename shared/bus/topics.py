"""The three topics. A topic belongs to the service that alone writes it."""

COMPLAINTS = "waterdesk.complaints"
WORK_ORDERS = "waterdesk.workorders"
REPLIES = "waterdesk.replies"
ALL = (COMPLAINTS, WORK_ORDERS, REPLIES)
