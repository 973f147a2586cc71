"""What the records of datasets say of them, in SQL: which state they are in, since which run, and who speaks for them.

A statement goes on after it with what it does to the rows of ``verdict``.
"""

from __future__ import annotations

from gateway.model.enums import EntityType

TOUCHED = f"(SELECT id FROM stage_touched WHERE entity_type = '{EntityType.DATASET}')"
"""The datasets whose verdict is looked for."""

_NEWEST_CHANGE = """
    dataset_id, created_at DESC NULLS LAST, job_created_at DESC NULLS LAST, job_native DESC NULLS LAST, native_id DESC
"""

OF_CHANGES = f"""
    WITH linked AS MATERIALIZED (
        SELECT r.dataset_id, r.id, r.native_id COLLATE "C" AS native_id, r.status, r.action, r.created_at, r.job_id,
            j.created_at AS job_created_at, j.native_id COLLATE "C" AS job_native
        FROM harvest_record r LEFT JOIN harvest_job j ON j.id = r.job_id
        WHERE r.portal = $1 AND r.dataset_id IN {TOUCHED} AND r.presence <> 'GONE'
    ), newest AS (
        SELECT DISTINCT ON (dataset_id) * FROM linked ORDER BY {_NEWEST_CHANGE}
    ), published AS (
        SELECT DISTINCT ON (dataset_id) * FROM linked WHERE status = 'SUCCEEDED' AND action IS NOT NULL
        ORDER BY {_NEWEST_CHANGE}
    ), voice AS (
        SELECT DISTINCT ON (dataset_id) * FROM linked WHERE status = 'SUCCEEDED' AND action IN ('CREATE', 'UPDATE')
        ORDER BY {_NEWEST_CHANGE}
    ), verdict AS (
        SELECT n.dataset_id,
            CASE WHEN p.id IS NULL THEN 'UNPUBLISHED' WHEN p.action = 'DELETE' THEN 'DELETED' ELSE 'LIVE' END AS state,
            CASE WHEN p.action = 'DELETE' THEN 'DELETED' ELSE 'PRESENT' END AS presence,
            CASE WHEN p.action = 'DELETE' THEN p.created_at END AS deleted_at,
            CASE WHEN p.id IS NULL THEN 'No record of it has succeeded.'
                 WHEN p.action = 'DELETE' THEN 'Its newest successful record deletes it.'
                 ELSE 'Its newest successful record publishes it.' END AS basis,
            coalesce(p.job_id, n.job_id) AS state_job_id, coalesce(v.id, n.id) AS latest_record_id,
            CASE WHEN v.id IS NULL THEN n.native_id ELSE v.native_id END AS speaker,
            NULL::bigint AS source_id
        FROM newest n LEFT JOIN published p USING (dataset_id) LEFT JOIN voice v USING (dataset_id)
    )
"""

COMPLETE = """
        SELECT j.* FROM (SELECT DISTINCT source_id FROM {sources}) s CROSS JOIN LATERAL (
            SELECT j.source_id, j.id, j.created_at, j.native_id COLLATE "C" AS native_id
            FROM harvest_job j JOIN scope r ON r.portal = j.portal AND r.stream = 'records' AND r.key = j.native_id
            WHERE j.source_id = s.source_id AND j.status IN ('SUCCEEDED', 'PARTIAL')
              AND j.presence IN ('PRESENT', 'EXPIRED') AND r.read_at IS NOT NULL
            ORDER BY j.created_at DESC NULLS LAST, j.native_id COLLATE "C" DESC LIMIT 1
        ) j
"""
"""The last complete run of each of some *sources* (the name of what SELECTs ``source_id``).

One source after the other: while tables grow, the planner takes all runs of a portal for fewer than those of a source.
"""

OF_INVENTORY = f"""
    WITH mention AS MATERIALIZED (
        SELECT DISTINCT ON (r.dataset_id, r.source_id) r.dataset_id, r.source_id, r.id, r.status, r.position,
            r.native_id COLLATE "C" AS speaker, r.job_id, j.created_at, j.native_id COLLATE "C" AS native_id
        FROM harvest_record r JOIN harvest_job j ON j.id = r.job_id
        WHERE r.portal = $1 AND r.dataset_id IN {TOUCHED} AND r.presence <> 'GONE'
        ORDER BY r.dataset_id, r.source_id, j.created_at DESC NULLS LAST, j.native_id COLLATE "C" DESC, r.position DESC
    ), complete AS (
        {COMPLETE.format(sources="mention")}
    ), judged AS (
        SELECT m.dataset_id, c.id IS NULL OR (m.created_at, m.native_id) >= (c.created_at, c.native_id) AS listed,
            m.status, m.job_id, m.created_at, m.native_id, c.id AS complete_id, c.created_at AS complete_at,
            c.native_id AS complete_native
        FROM mention m LEFT JOIN complete c USING (source_id)
    ), voice AS (
        SELECT DISTINCT ON (dataset_id) dataset_id, id, source_id, speaker FROM mention
        ORDER BY dataset_id, created_at DESC NULLS LAST, native_id DESC, position DESC
    ), verdict AS (
        SELECT DISTINCT ON (g.dataset_id) g.dataset_id,
            CASE WHEN NOT g.listed THEN 'NOT_LISTED' WHEN g.status = 'ARCHIVED' THEN 'ARCHIVED'
                 ELSE 'LIVE' END AS state,
            'PRESENT' AS presence, NULL::timestamptz AS deleted_at,
            CASE WHEN NOT g.listed THEN 'The last complete run does not list it.'
                 WHEN g.status = 'ARCHIVED' THEN 'The newest run that names it archives it.'
                 ELSE 'The newest run that names it lists it.' END AS basis,
            CASE WHEN g.listed THEN g.job_id ELSE g.complete_id END AS state_job_id,
            v.id AS latest_record_id, v.speaker, v.source_id
        FROM judged g JOIN voice v USING (dataset_id)
        ORDER BY g.dataset_id, CASE WHEN g.listed THEN g.created_at ELSE g.complete_at END DESC NULLS LAST,
            CASE WHEN g.listed THEN g.native_id ELSE g.complete_native END DESC
    )
"""
