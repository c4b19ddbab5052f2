"""How many connections to PostgreSQL a process may hold, and how long silence on one may last.

A peer that is frozen or cut off closes nothing: only a time limit ends its transactions, frees its
locks and wakes who waits for its answer. Every connection of the product is opened with these.

PostgreSQL's own time limits do not end a session that stands between two messages of one statement
(wire protocol: Parse and Bind, or within COPY), nor one that holds an advisory lock outside a
transaction. So living processes end those of the frozen ones, by the database's clock. A process
that wakes finds its connections closed, and begins anew.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one process and one database. Times are in seconds.

    At most `pool_size` + `pool_overflow` connections; a unit of work waits `pool_wait` for one,
    then fails with a transient error. A service on the embedded bus holds five more to the bus's
    database. PostgreSQL's max_connections must cover the sum over all processes.
    """

    pool_size: int = 8
    pool_overflow: int = 8
    pool_wait: float = 10.0
    silence: float = 20.0
    """How long a transaction may stand idle, and a connection stay without an answer."""
    statement: float | None = 20.0
    """How long one statement may take; None: as long as it needs."""

    @property
    def command_timeout(self) -> float | None:
        """For asyncpg: the server's own limit comes first and keeps the connection usable."""
        return None if self.statement is None else self.statement + 2.0

    def without_hurry(self) -> "Limits":
        """For migrations and audits: one connection, statements of any length."""
        return replace(self, pool_size=1, pool_overflow=1, statement=None)

    def server_settings(self) -> dict[str, str]:
        """Of each connection, by the names of PostgreSQL's settings."""
        silence_ms = str(int(self.silence * 1000))
        probe = str(max(1, int(self.silence / 4)))
        return {
            "application_name": "waterdesk" if self.statement else "waterdesk, unhurried",
            "timezone": "UTC",
            "jit": "off",  # our queries are short: compiling them costs more than it saves
            "random_page_cost": "1.1",  # the tables in use are in memory, or on solid-state disks
            "statement_timeout": str(int((self.statement or 0) * 1000)),
            "idle_in_transaction_session_timeout": silence_ms,
            # Dead after an idle time of one probe and three probes without an answer.
            "tcp_keepalives_idle": probe,
            "tcp_keepalives_interval": probe,
            "tcp_keepalives_count": "3",
            "tcp_user_timeout": silence_ms,
        }


DEFAULT_LIMITS = Limits()

END_SILENT_SESSIONS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = current_setting('application_name')
    AND pid <> pg_backend_pid() AND wait_event_type = 'Client'
    AND state_change < clock_timestamp() - make_interval(secs => $1)
    AND (xact_start IS NOT NULL OR EXISTS (
        SELECT FROM pg_locks WHERE pg_locks.pid = pg_stat_activity.pid AND locktype = 'advisory'
    ))
"""
"""For the driver. End sessions that hold a transaction or a lock, and wait for a client that has
said nothing for so many seconds. Ends none of another program, a backup say."""
