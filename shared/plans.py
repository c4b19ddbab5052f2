"""How PostgreSQL is to plan what the services ask."""

from typing import Final

BY_INDEX: Final = {"enable_seqscan": "off"}
"""Settings of every session. PostgreSQL keeps the plan of a prepared statement: one made while its
table had a page would scan the table ever after, a hundred times slower at 20,000 rows. What the
services ask for often has an index; where there is none, tables are scanned all the same."""
