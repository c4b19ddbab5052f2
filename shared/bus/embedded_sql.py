"""The statements of the bus in PostgreSQL; embedded.py says how they keep the order."""

from shared.advisory_locks import EmbeddedBusLock

CHANNEL = "waterdesk_bus"

SCHEMA = f"""
SELECT pg_advisory_xact_lock({EmbeddedBusLock.TABLES:d}, 0);
CREATE TABLE IF NOT EXISTS bus_topic (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL UNIQUE,
    next_offset bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 10);
CREATE TABLE IF NOT EXISTS bus_log (
    topic_id  integer NOT NULL,
    position  bigint NOT NULL,
    key       text NOT NULL,
    headers   jsonb NOT NULL,
    value     bytea NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (topic_id, position)
);
CREATE TABLE IF NOT EXISTS bus_group (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL,
    topic_id    integer NOT NULL REFERENCES bus_topic,
    next_offset bigint NOT NULL DEFAULT 0,
    UNIQUE (name, topic_id)
) WITH (fillfactor = 10);
"""

APPEND = f"""
WITH drawn AS (
    UPDATE bus_topic SET next_offset = next_offset + cardinality($2::text[])
    WHERE name = $1
    RETURNING id, next_offset - cardinality($2::text[]) AS first
), stored AS (
    INSERT INTO bus_log (topic_id, position, key, headers, value)
    SELECT drawn.id, drawn.first + sent.number - 1, sent.key, sent.headers::jsonb, sent.value
    FROM drawn, unnest($2::text[], $3::text[], $4::bytea[])
        WITH ORDINALITY AS sent (key, headers, value, number)
    ORDER BY sent.number
)
SELECT pg_notify('{CHANNEL}', $1) FROM drawn
"""  # noqa: S608 - a constant

READ = """
SELECT position, key, headers, value FROM bus_log
WHERE topic_id = $1 AND position >= $2 AND position < $3
ORDER BY position LIMIT $4
"""

JOIN = """
INSERT INTO bus_group (name, topic_id) SELECT $1, id FROM bus_topic
WHERE name = ANY ($2::text[])
    AND NOT EXISTS (SELECT FROM bus_group WHERE bus_group.name = $1 AND topic_id = bus_topic.id)
ON CONFLICT DO NOTHING
"""

# MATERIALIZED, so that no lock is tried for a row that the conditions then leave out.
OWN = f"""
WITH wanted AS MATERIALIZED (
    SELECT bus_group.id, topic_id, bus_topic.name AS topic
    FROM bus_group JOIN bus_topic ON bus_topic.id = topic_id
    WHERE bus_group.name = $1 AND bus_topic.name = ANY ($2::text[])
)
SELECT *, pg_try_advisory_lock({EmbeddedBusLock.GROUP:d}, id) AS mine FROM wanted
"""  # noqa: S608 - a number of ours

COMMIT = """
UPDATE bus_group SET next_offset = done.next_offset
FROM unnest($1::integer[], $2::bigint[]) AS done (id, next_offset) WHERE bus_group.id = done.id
"""

STRETCH = """
SELECT id, next_offset AS behind_last, coalesce((
    SELECT min(position) FROM bus_log
    WHERE topic_id = id AND ($2::timestamptz IS NULL OR stored_at >= $2)
), next_offset) AS first
FROM bus_topic WHERE name = $1
"""

# A topic's log is appended in order, so the oldest messages stand at its beginning.
PRUNE = """
WITH oldest AS (
    SELECT first.topic_id, first.position FROM bus_topic CROSS JOIN LATERAL (
        SELECT topic_id, position, stored_at FROM bus_log
        WHERE topic_id = bus_topic.id ORDER BY position LIMIT $2
    ) AS first
    WHERE first.stored_at < clock_timestamp() - $1::interval
), pruned AS (
    DELETE FROM bus_log USING oldest
    WHERE bus_log.topic_id = oldest.topic_id AND bus_log.position = oldest.position
    RETURNING 1
)
SELECT count(*)::integer FROM pruned
"""
