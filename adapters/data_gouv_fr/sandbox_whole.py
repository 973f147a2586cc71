"""The whole objects that the published reference shows in items: data services, and in previews datasets."""

from __future__ import annotations

from typing import Any

from adapters.data_gouv_fr.sandbox_wire import JSON, Pen, dataset_reference, stamp
from gateway.sandbox import dice
from gateway.sandbox.inventory import SITE
from gateway.sandbox.inventory_services import Service

_DATASET = (
    *("acronym", "archived", "badges", "community_resources", "created_at", "deleted", "description"),
    *("featured", "frequency", "frequency_date", "id", "internal", "last_modified", "last_update", "license"),
    *("organization", "owner", "page", "private", "schema", "slug", "spatial", "tags", "temporal_coverage"),
    *("title", "uri"),
)
_HARVEST = (
    *("archived", "archived_at", "backend", "ckan_name", "ckan_source", "created_at", "dct_identifier"),
    *("domain", "last_update", "modified_at", "remote_id", "remote_url", "source_id", "uri"),
)
_RESOURCE = (
    *("checksum", "created_at", "description", "filetype", "format", "id", "internal", "last_modified"),
    *("latest", "mime", "preview_url", "schema", "title", "type", "url"),
)


def whole_service(pen: Pen, found: Service) -> JSON:
    """Return a data service with every key that it has."""
    documentation = f"{found.address}/openapi.json"
    return {
        "acronym": found.acronym,
        "archived_at": None,
        "authorization_request_url": f"{SITE}/demandes/{found.slug}" if found.restricted else None,
        "availability": found.availability,
        "base_api_url": found.address,
        "contact_point": {
            "email": found.email,
            "id": found.contact_id,
            "name": found.contact,
            **_owners(pen, found),
        },
        "created_at": stamp(found.created),
        "datasets": [dataset_reference(one) for one in found.datasets],
        "deleted_at": None,
        "description": found.description,
        "endpoint_description_url": documentation,
        "format": "REST",
        "harvest": _service_harvest(found),
        "has_token": found.restricted,
        "id": found.id,
        "is_restricted": found.restricted,
        "license": found.license,
        "metadata_modified_at": stamp(found.modified),
        **_owners(pen, found),
        "private": False,
        "rate_limiting": found.rate_limiting,
        "self_api_url": f"{SITE}/api/1/dataservices/{found.id}/",
        "self_web_url": f"{SITE}/dataservices/{found.slug}",
        "slug": found.slug,
        "tags": list(found.tags),
        "title": found.title,
    }


def _owners(pen: Pen, found: Service) -> JSON:
    return {"organization": pen.organization(found.organization), "owner": pen.person(found.owner)}


def _service_harvest(found: Service) -> JSON:
    return {
        "archived_at": None,
        "backend": found.source.backend.upper(),
        "created_at": stamp(found.created),
        "domain": found.source.host,
        "id": dice.hexadecimal(24, "harvest", found.id),
        "last_update": stamp(found.modified),
        "remote_id": found.remote_id,
        "remote_url": found.remote_url,
        "source_id": found.source.id,
        "source_url": found.source.url,
        "uri": found.remote_url,
    }


def whole_dataset(written: JSON) -> JSON:
    """Return a dataset of a preview, as today's portal writes it, in the published shape."""
    domain = written["harvest"]["domain"]
    contact: JSON = {
        "email": f"donnees@{domain}",
        "id": dice.hexadecimal(24, "contact", domain),
        "name": f"Service des données de {domain}",
        "organization": written["organization"],
        "owner": written["owner"],
    }
    return {
        **_only(_DATASET, written),
        "contact_point": contact,
        "harvest": _only(_HARVEST, written["harvest"]),
        "resources": [_resource(resource) for resource in written["resources"]],
    }


def _resource(written: JSON) -> JSON:
    harvest = {"created_at": written["created_at"], "modified_at": written["last_modified"]}
    return {**_only(_RESOURCE, written), "harvest": {**harvest, "uri": written["harvest"]["uri"]}}


def _only(keys: tuple[str, ...], written: JSON) -> dict[str, Any]:
    return {key: written.get(key) for key in keys}
