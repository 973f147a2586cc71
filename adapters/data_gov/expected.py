"""What the portal's elements are expected to hold, in either dialect, and in the one that it is about to speak.

Members that no table of ``normalise`` reads are named here too: they are known, and lie in ``native``.
"""

from __future__ import annotations

from collections.abc import Mapping

from adapters.data_gov import wire
from gateway.model.enums import EntityType
from gateway.model.expected import Expected, element, flag, free, many, number, text, word

_FREQUENCIES = ("manual", "daily", "weekly", "biweekly", "monthly")
_SCHEMAS = (*wire.STANDARDS, *(f"{one}: {profile}" for one in wire.STANDARDS for profile in wire.PROFILES))


def _all(kind: Expected, names: str) -> dict[str, Expected]:
    return dict.fromkeys(names.split(), kind)


ORGANIZATION = element(
    **_all(text(), "id name slug logo description code_repo_url"),
    code_repo_exempt=flag(),
    organization_type=word(wire.ORGANIZATIONS),
    aliases=many(text()),
    source_count=number(),
)
SOURCE = element(
    **_all(text(), "id organization_id name url collection_parent_url date_next_run"),
    notification_emails=many(text()),
    frequency=word(_FREQUENCIES),
    schema_type=word(_SCHEMAS),
    source_type=word(wire.PROTOCOLS),
    notification_frequency=word(wire.NOTIFICATIONS),
)
JOB = element(
    **_all(text(), "id harvest_source_id date_created date_started date_finished"),
    **_all(number(), "records_total records_added records_updated records_deleted records_errored"),
    **_all(number(), "records_warned records_ignored records_validated"),
    status=word(wire.JOBS),
    job_type=word(wire.KINDS),
    dcatus_catalog=free(),
)
RECORD = element(
    **_all(text(), "id identifier harvest_job_id harvest_source_id source_hash source_raw date_created"),
    **_all(text(), "date_finished ckan_id ckan_name parent_identifier"),
    record_type=word(wire.RECORD_TYPES),
    action=word(wire.ACTIONS),
    status=word(wire.RECORDS),
    source_transform=free(),
)
ERROR = element(
    **_all(text(), "id harvest_job_id harvest_record_id type message date_created"),
    severity=word(wire.SEVERITIES),
)

EXPECTED: Mapping[EntityType, Expected] = {
    EntityType.ORGANIZATION: ORGANIZATION,
    EntityType.HARVEST_SOURCE: SOURCE,
    EntityType.HARVEST_JOB: JOB,
    EntityType.HARVEST_RECORD: RECORD,
    EntityType.HARVEST_ERROR: ERROR,
}
"""By the type of the documents; backends are read out of sources, datasets out of records."""
