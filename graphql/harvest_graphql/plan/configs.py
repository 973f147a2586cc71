"""A source's configuration beside what its backend declares: which keys are known, and what is on."""

from __future__ import annotations

from collections.abc import Callable

from gateway.model.enums import EntityType
from harvest_graphql.plan.computed import array
from harvest_graphql.plan.draft import Below, Row


def config(row: Row) -> Below:
    """Return where a source's configuration is read, beside its backend; nowhere if it is no object."""
    alias = row.draft.alias()
    source = (
        f"(SELECT {row.column('config')} AS raw, b.filters, b.features, b.extra_configs FROM (SELECT) w"
        f" LEFT JOIN {row.draft.rows(EntityType.HARVEST_BACKEND)} b ON b.id = {row.column('backend_id')}"
        f" WHERE jsonb_typeof({row.column('config')}) = 'object' OFFSET 0) {alias}"
    )
    return Below(source, Row(row.draft, "HarvestConfig", alias, None))


def features(row: Row) -> str:
    """Return the features as they are configured, as JSON text."""
    return f"coalesce(({row.column('raw')} -> 'features')::text, 'null')"


def entries(declared: str, *spellings: str) -> Callable[[Row], Below]:
    """Return where a member's keys and values are read, beside what the backend says in *declared*."""

    def place(row: Row) -> Below:
        alias, raw = row.draft.alias(), row.column("raw")
        members = [f"{raw} -> '{name}'" for name in spellings]
        listed = f"coalesce({', '.join(members)})"
        said = (
            f"(SELECT d.value FROM jsonb_array_elements({array(row.column(declared))}) d"
            " WHERE d.value ->> 'key' = e.value ->> 'key' LIMIT 1)"
        )
        source = (
            "(SELECT x.*, x.said ->> 'label' AS label, x.said IS NOT NULL AS declared FROM"
            f" (SELECT e.n, e.value ->> 'key' AS key, e.value -> 'value' AS value, {said} AS said"
            f" FROM jsonb_array_elements({array(listed)}) WITH ORDINALITY e(value, n) OFFSET 0) x) {alias}"
        )
        return Below(source, Row(row.draft, "KeyValue", alias, None), f"{alias}.n")

    return place


def feature_settings(row: Row) -> Below:
    """Return where each feature is read that the backend declares or the configuration names."""
    alias = row.draft.alias()
    usual, chosen = _flag("d.value -> 'default'"), _flag("c.value")
    declared = (
        f"SELECT DISTINCT ON (d.value ->> 'key') d.n, d.value ->> 'key' AS key, d.value ->> 'label' AS label,"
        f" {usual} AS usual FROM jsonb_array_elements({array(row.column('features'))})"
        " WITH ORDINALITY d(value, n) WHERE d.value ->> 'key' IS NOT NULL ORDER BY 2, 1"
    )
    member = f"{row.column('raw')} -> 'features'"
    named = (
        f"SELECT * FROM jsonb_each(CASE WHEN jsonb_typeof({member}) = 'object' THEN {member} ELSE '{{}}' END)"
    )
    source = (
        '(SELECT d.n, coalesce(d.key, c.key) AS key, d.label, d.usual AS "default", d.key IS NOT NULL AS declared,'
        f' c.key IS NOT NULL AS "set", coalesce({chosen}, d.usual) AS enabled'
        f" FROM ({declared}) d FULL JOIN ({named}) c ON c.key = d.key) {alias}"
    )
    return Below(source, Row(row.draft, "FeatureSetting", alias, None), f"{alias}.n, {alias}.key")


def _flag(json: str) -> str:
    """Return the SQL of a JSON value as a Boolean, null where it is none."""
    return f"(CASE jsonb_typeof({json}) WHEN 'boolean' THEN ({json})::boolean END)"
