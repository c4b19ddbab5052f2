"""Use cases of dispatch. Each: load, decide, change, record. The entry points commit.

Who locks what, always in this order, so that no two can lock each other out: rows of `scheme` by
id, rows of `complaint` by id, rows of `crew` by id, rows of `work_order` by id.
- Whoever links complaints, or changes a work order's place in its scheme (opens, repairs, closes,
  merges it), holds the row of its scheme: so one fault never gets two orders, and no complaint is
  hung on an order that is being closed.
- Whoever gives orders to crews holds the rows of the county's crews: so none gets too many.
- Whoever changes an order's state or crew holds its row.
"""
