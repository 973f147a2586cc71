"""How each peer is asked what is meant: in its own document, with variables and cursors of its own."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any

import workloads

from gateway.model.identity import global_id

CURSORS = """{
  q1: allHarvestSources(orderBy: [CREATED_AT_DESC, ROW_ID_DESC], first: 1) { pageInfo { endCursor } }
  q3: allHarvestRecords(orderBy: [CREATED_AT_DESC, ROW_ID_DESC], first: 1) { pageInfo { endCursor } }
}"""
"""Of the lists that are paged, a cursor of PostGraphile."""

Say = Callable[[str, workloads.Variables], dict[str, Any]]
"""Returns the body of a request, from a workload and what is meant."""


def as_route(_: str, meant: workloads.Variables) -> dict[str, Any]:
    """Return the body of a request to a server with a path of its own for each workload."""
    return {"variables": meant}


def as_gateway(name: str, meant: workloads.Variables) -> dict[str, Any]:
    """Return the body of a request to the gateway, or to a server with its schema."""
    place = (
        {"after": _base64(["CREATED_AT", "DESC", meant["createdAt"], meant["id"]])} if "id" in meant else {}
    )
    source = (
        {"source": global_id("HarvestSource", meant["portal"], meant["nativeId"])} if name == "q3" else {}
    )
    kept = {
        "q1": ("portal",),
        "q2": ("portal", "nativeId"),
        "q3": ("status",),
        "q4": (),
        "q5": ("text",),
        "q6": ("portal", "nativeId"),
    }[name]
    counted = {"portal": meant["portals"], "status": meant["statuses"]} if name == "q4" else {}
    variables = {**{key: meant[key] for key in kept}, **place, **source, **counted}
    return {"query": workloads.document(name), "variables": variables}


def as_postgraphile(told: Mapping[str, Any]) -> Say:
    """Return how PostGraphile is asked, from what it answers to ``CURSORS``: how its cursors begin."""
    cursors = {key: page["pageInfo"]["endCursor"] for key, page in told.items()}
    orders = {key: json.loads(urlsafe_b64decode(f"{each}=="))[0] for key, each in cursors.items()}

    def say(name: str, meant: workloads.Variables) -> dict[str, Any]:
        after = _base64([orders[name], meant["createdAt"], str(meant["id"])]) if name in orders else None
        variables = {
            "q1": lambda: {"portal": meant["number"], "after": after},
            "q2": lambda: {"portal": meant["number"], "nativeId": meant["nativeId"]},
            "q3": lambda: {"source": str(meant["source"]), "status": meant["status"], "after": after},
            "q4": lambda: {"portals": meant["portals"], "statuses": meant["statuses"]},
            "q5": lambda: {"text": meant["text"]},
            "q6": lambda: {"portal": meant["number"], "nativeId": meant["nativeId"]},
        }[name]()
        return {"query": workloads.document(name, "postgraphile"), "variables": variables}

    return say


def _base64(values: list[Any]) -> str:
    text = json.dumps(values, separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
