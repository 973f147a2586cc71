"""Whether the peers answer the same: the same rows in the same order, whatever their shapes are called."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import workloads
from peers import Peer

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def compare(
    peers: Iterable[Peer], chosen: workloads.Chosen, names: Iterable[str]
) -> dict[tuple[str, str], float]:
    """Return the mean length of an answer by peer and workload; SystemExit where two answers differ."""
    peers = list(peers)
    lengths: dict[tuple[str, str], int] = {}
    for name in names:
        for meant in chosen[name]:
            first: Any = None
            for peer in peers:
                body = peer.ask(name, meant)
                lengths[peer.name, name] = lengths.get((peer.name, name), 0) + len(body)
                found = rows(name, body)
                first = found if first is None else first
                if found != first:
                    raise SystemExit(_difference(name, meant, peers[0].name, first, peer.name, found))
    return {key: length / len(chosen[key[1]]) for key, length in lengths.items()}


def rows(name: str, body: bytes) -> Any:
    """Return what an answer says: plain values in a form that all peers share."""
    answer = json.loads(body)
    if answer.get("errors") or not answer.get("data"):
        raise SystemExit(f"{name} is answered by an error: {body[:500]!r}")
    (field,) = answer["data"].values()
    return _READ[name](_values(field))


def _values(value: Any) -> Any:
    """Return *value* with instants that can be compared."""
    if isinstance(value, dict):
        return {key: _values(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_values(each) for each in value]
    if isinstance(value, str) and _INSTANT.match(value):
        return datetime.fromisoformat(value).timestamp()
    return value


def _source(field: Any) -> Any:
    jobs = [
        {
            **{key: job[key] for key in ("nativeId", "status", "createdAt", "endedAt")},
            "counts": job.get("counts") or {key: job[key] for key in ("total", "failed")},
            "errors": job["errors"]["nodes"],
        }
        for job in field["jobs"]["nodes"]
    ]
    return {"nativeId": field["nativeId"], "name": field["name"], "jobs": jobs}


def _groups(field: Any) -> Any:
    if "nodes" in field and "groups" not in field:
        return [[each["portal"], each["status"], int(each["count"])] for each in field["nodes"]]
    return [
        [each["keys"]["portal"]["key"], each["keys"]["status"], each["count"]] for each in field["groups"]
    ]


_READ = {
    "q1": lambda field: field["nodes"],
    "q2": _source,
    "q3": lambda field: [field["nodes"], field["pageInfo"]["hasNextPage"]],
    "q4": _groups,
    "q5": lambda field: [each.get("node", each) for each in field["nodes"]],
    "q6": lambda field: field,
}


def _difference(name: str, meant: Any, one: str, first: Any, other: str, found: Any) -> str:
    lines = [f"{name} is answered differently with {meant}:"]
    lines += [f"  {peer:<12} {json.dumps(said)[:2000]}" for peer, said in ((one, first), (other, found))]
    return "\n".join(lines)
