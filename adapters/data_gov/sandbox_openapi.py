"""The OpenAPI document of the sandbox portal: its routes and the fields that it admits to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.data_gov.sandbox_facets import Column, Kind
from adapters.data_gov.sandbox_tables import TABLES

_ITEMS = {
    "harvest_error/{error_id}": "Harvest Jobs",
    "harvest_job/{job_id}": "Harvest Jobs",
    "harvest_job/{job_id}/errors/{error_type}": "Harvest Jobs",
    "harvest_record/{record_id}": "Harvest Records",
    "harvest_record/{record_id}/errors": "Harvest Records",
    "harvest_record/{record_id}/raw": "Harvest Records",
    "harvest_record/{record_id}/transformed": "Harvest Records",
    "organization/{org_identifier}": "Organizations",
    "organization_list/": "Organizations",
}
_LISTED = ("page", "per_page", "paginate", "count", "order_by", "facets")
_TYPES = {Kind.TEXT: "string", Kind.NUMBER: "integer", Kind.DATE: "string", Kind.FLAG: "boolean"}


def document(server: str) -> dict[str, Any]:
    """Return the document of a portal at *server*; like the portal's own it promises more than is kept."""
    paths = {f"/api/v1/{path}": {"get": _operation(path, tag)} for path, tag in _ITEMS.items()}
    paths |= {f"/api/v1/{name}/": {"get": _operation(name, "Harvest Records", _LISTED)} for name in TABLES}
    paths["/api/v1/validate"] = {"post": _operation("validate", "Validate")}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Sandbox of a harvester", "version": "0.1.0"},
        "servers": [{"url": server}],
        "tags": [{"name": tag} for tag in sorted({*_ITEMS.values(), "Harvest Sources", "Validate"})],
        "paths": paths,
        "components": {"schemas": {name: _schema(table.columns) for name, table in TABLES.items()}},
    }


def _operation(path: str, tag: str, query: tuple[str, ...] = ()) -> dict[str, Any]:
    placed = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in placed
    ]
    parameters += [{"name": name, "in": "query", "schema": {"type": "string"}} for name in query]
    return {
        "tags": [tag],
        "parameters": parameters,
        "responses": {"200": {"description": "Successful response"}},
    }


def _schema(columns: Mapping[str, Column]) -> dict[str, Any]:
    properties = {name: _property(column) for name, column in columns.items()}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _property(column: Column) -> dict[str, Any]:
    if column.words is not None:
        return {"type": "string", "enum": list(column.words)}
    described = {"type": _TYPES.get(column.kind, "object")}
    return described | ({"format": "date-time"} if column.kind is Kind.DATE else {})
