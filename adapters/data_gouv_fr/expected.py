"""What the portal's elements are expected to hold, in every generation of its software.

Members that no table of ``tables`` reads are named here too: they are known, and lie in ``native``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from adapters.data_gouv_fr import wire
from gateway.model.enums import EntityType
from gateway.model.expected import Expected, anything, either, element, flag, free, many, number, text, word


def _all(kind: Expected, names: str) -> dict[str, Expected]:
    return dict.fromkeys(names.split(), kind)


def _counters(words: Iterable[str]) -> Expected:
    return element(**dict.fromkeys(words, number()))


ORGANIZATION = element(
    **_all(text(), "class id name acronym slug logo logo_thumbnail page uri"),
    badges=many(element(kind=text())),
    permissions=free(),
)
PERSON = element(
    **_all(text(), "class id first_name last_name slug avatar avatar_thumbnail page uri email"),
    permissions=free(),
)
_OWNERS = {"organization": ORGANIZATION, "owner": PERSON}
_SETTING = _all(text(), "key label description")
_FILTER_TYPES = ("string", "integer", "boolean", "uuid", "date-time", "date")
BACKEND = element(
    **{"class": text(), "id": word(wire.BACKEND_WORDS), "label": text()},
    filters=many(element(**_SETTING, type=word(_FILTER_TYPES))),
    features=many(element(**_SETTING, default=either(flag(), word(("true", "false", "True", "False"))))),
    extra_configs=many(element(**_SETTING, default=anything())),
)
"""A feature's default is the text of a Boolean on some portals."""

_ITEMS = either(
    element(
        **_all(text(), "rel href type"),
        total=number(),
        by_status=_counters(wire.ITEM_STATUS),
        by_type=_counters(("dataset", "dataservice")),
    ),
    many(anything()),
)
"""A link with counters, or, on old portals, the items themselves, which are documents of their own."""
ERROR = element(**_all(text(), "class created_at message details"), level=word(wire.LEVELS))
"""With a level up to udata 9."""
JOB = element(
    **_all(text(), "class id created started ended"),
    status=word(wire.JOB_STATUS),
    errors=many(ERROR),
    items=_ITEMS,
    source=either(text(), element(**_all(text(), "class id"))),
)
"""The source is its name before udata 17."""
SOURCE = element(
    **_all(text(), "class id slug name url description created_at deleted schedule"),
    backend=word(wire.BACKEND_WORDS),
    config=free(),
    active=flag(),
    autoarchive=flag(),
    **_all(free(), "organization owner last_job permissions"),
    validation=element(state=word(wire.VALIDATION), by=free(), **_all(text(), "on comment")),
)
"""Whom it names, and its newest run, are documents of their own."""

_DATASET_REFERENCE = _all(text(), "class id title acronym page uri")
_SERVICE_REFERENCE = _all(text(), "class id title self_api_url self_web_url")
_HARVEST = element(
    **_all(text(), "id archived archived_at backend ckan_name ckan_source created_at dct_identifier domain"),
    **_all(text(), "issued_at last_update modified_at remote_id remote_url source_id source_url uri"),
)
_CONTACT = element(**_all(text(), "class id name email contact_form role"), **_OWNERS)
_DATASET = element(
    **_DATASET_REFERENCE,
    **_all(text(), "slug description description_short license created_at last_modified last_update deleted"),
    **_all(text(), "archived frequency frequency_date access_type access_type_reason"),
    **_all(text(), "access_type_reason_category authorization_request_url self_api_url self_web_url"),
    **_all(anything(), "access_audiences badges community_resources extras internal metrics quality"),
    **_all(anything(), "resources schema spatial temporal_coverage permissions"),
    **_all(flag(), "featured private"),
    **_OWNERS,
    tags=many(text()),
    harvest=_HARVEST,
    contact_point=_CONTACT,
    contact_points=many(_CONTACT),
)
_SERVICE = element(
    **_SERVICE_REFERENCE,
    **_all(text(), "slug acronym description license format availability_url base_api_url created_at"),
    **_all(text(), "metadata_modified_at archived_at deleted_at authorization_request_url rate_limiting"),
    **_all(text(), "endpoint_description_url business_documentation_url machine_documentation_url"),
    **_all(text(), "technical_documentation_url access_type access_type_reason page uri"),
    **_all(flag(), "has_token is_restricted private"),
    **_all(anything(), "access_audiences availability extras metrics permissions"),
    **_OWNERS,
    tags=many(text()),
    datasets=many(element(**_DATASET_REFERENCE)),
    harvest=_HARVEST,
    contact_point=_CONTACT,
    contact_points=many(_CONTACT),
)
"""Old portals and previews give both in full, others a reference."""
RECORD = element(
    **_all(text(), "class remote_id remote_url created started ended"),
    status=word(wire.ITEM_STATUS),
    dataset=_DATASET,
    dataservice=_SERVICE,
    errors=many(ERROR),
    logs=many(element(**{"class": text()}, level=word(wire.LEVELS), message=text())),
    args=many(text()),
    kwargs=free(),
)

EXPECTED: Mapping[EntityType, Expected] = {
    EntityType.ORGANIZATION: ORGANIZATION,
    EntityType.PERSON: PERSON,
    EntityType.HARVEST_BACKEND: BACKEND,
    EntityType.HARVEST_SOURCE: SOURCE,
    EntityType.HARVEST_JOB: JOB,
    EntityType.HARVEST_RECORD: RECORD,
}
"""By the type of the documents; errors and datasets lie in those of others."""
