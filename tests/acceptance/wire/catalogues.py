"""Real catalogues through the normaliser: every dataset as a record's payload, nothing raised, nothing lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from acceptance.wire.replay import NOW

from adapters.data_gov import ADAPTER
from gateway.model.document import Document, Fetch, Rejection, digest
from gateway.model.entities import Dataset
from gateway.model.enums import EntityType

FETCH = Fetch("/harvest_records/", None, NOW, digest(b""))


def datasets(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (file, dataset) of every catalogue in *folder*."""
    for path in sorted(folder.glob("*.json")):
        for dataset in json.loads(path.read_bytes())["dataset"]:
            yield path.stem, dataset


def record(number: int, dataset: dict[str, Any]) -> dict[str, Any]:
    """Return the record of a run that published *dataset*."""
    return {
        "action": "create",
        "ckan_id": None,
        "date_created": "Sat, 07 Nov 2026 19:00:21 GMT",
        "date_finished": "Sat, 07 Nov 2026 19:00:22 GMT",
        "harvest_job_id": "job",
        "harvest_source_id": "source",
        "id": f"record-{number}",
        "identifier": str(dataset.get("identifier", number)),
        "parent_identifier": None,
        "record_type": "dataset",
        "source_hash": None,
        "source_raw": json.dumps(dataset, sort_keys=True),
        "source_transform": None,
        "status": "success",
    }


def crashes(folder: Path) -> tuple[int, list[str]]:
    """Return how many datasets there are, and what went wrong with which."""
    problems: list[str] = []
    number = 0
    for number, (name, dataset) in enumerate(datasets(folder), 1):
        body = json.dumps(record(number, dataset)).encode()
        document = Document.of(EntityType.HARVEST_RECORD, f"record-{number}", body, FETCH)
        problems += [f"{name}, {dataset.get('identifier')}: {reason}" for reason in _lost(document, dataset)]
    return number, problems


def _lost(document: Document, dataset: dict[str, Any]) -> Iterator[str]:
    try:
        found = list(ADAPTER.normalise(document))
    except Exception as error:  # noqa: BLE001 - "never raises" is what is shown here
        yield f"raises {error!r}"
        return
    yield from (f"rejected, {one.reason}" for one in found if isinstance(one, Rejection))
    read = [one for one in found if isinstance(one, Dataset)]
    if len(read) != 1:
        yield f"{len(read)} datasets"
        return
    for field, key in (("title", "title"), ("description", "description"), ("landing_page", "landingPage")):
        value = dataset.get(key)
        if isinstance(value, str) and getattr(read[0], field) != value:
            yield f"{field} is {getattr(read[0], field)!r}"
    keywords = dataset.get("keyword")
    worded = isinstance(keywords, list) and all(isinstance(word, str) for word in keywords)
    if worded and list(read[0].keywords or ()) != keywords:
        yield f"keywords are {read[0].keywords!r}"
