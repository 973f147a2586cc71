"""Real catalogues of US agencies, every dataset as a record's payload: nothing raises, nothing readable is lost.

The files lie in ``real/dcat-us`` of the folder that ``GATEWAY_SHARED`` names, else of ``shared`` beside the
repository; without them these tests are skipped.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.data_gov import ADAPTER
from gateway.model.document import Document, Fetch
from gateway.model.entities import Dataset, HarvestRecord
from gateway.model.enums import EntityType

SHARED = Path(os.environ.get("GATEWAY_SHARED") or Path(__file__).resolve().parents[3] / "shared")
CATALOGUES = sorted((SHARED / "real" / "dcat-us").glob("*.json"))
FETCH = Fetch("/harvest_records/", None, datetime(2026, 11, 22, tzinfo=UTC), b"page")

pytestmark = pytest.mark.skipif(not CATALOGUES, reason="the real catalogues are not beside the repository")


def documents(path: Path) -> list[tuple[dict[str, Any], Document]]:
    found = json.loads(path.read_bytes())["dataset"]
    return [
        (
            dataset,
            Document.of(
                EntityType.HARVEST_RECORD,
                f"{path.stem}-{number}",
                json.dumps(
                    {
                        "id": f"{path.stem}-{number}",
                        "action": "create",
                        "status": "success",
                        "harvest_job_id": "job",
                        "harvest_source_id": path.stem,
                        "identifier": dataset.get("identifier"),
                        "record_type": "dataset",
                        "source_raw": json.dumps(dataset, sort_keys=True),
                        "source_transform": None,
                    }
                ).encode(),
                FETCH,
            ),
        )
        for number, dataset in enumerate(found)
    ]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_every_dataset_survives(path: Path) -> None:
    for told, document in documents(path):
        record, dataset = ADAPTER.normalise(document)
        assert isinstance(record, HarvestRecord)
        assert isinstance(dataset, Dataset)
        assert record.dataset == dataset.native_id
        assert dataset.title == told["title"]
        assert dataset.description == told["description"]
        assert dataset.keywords == (None if "keyword" not in told else tuple(told["keyword"]))
        assert dataset.publisher == told["publisher"]["name"]
        assert dataset.license == told.get("license")
        assert dataset.landing_page == told.get("landingPage")
        assert dataset.modified_at is not None or told["modified"].startswith("R/")


def test_there_are_as_many_as_were_published() -> None:
    assert sum(len(documents(path)) for path in CATALOGUES) == 1810
