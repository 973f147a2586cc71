"""What previews showed in the older generations of the sandbox portal: jobs that name their source."""

from __future__ import annotations

from typing import Any

import msgspec

from adapters.data_gouv_fr import sandbox_actions as actions
from adapters.data_gouv_fr.sandbox_call import Call
from adapters.data_gouv_fr.sandbox_legacy import UNTOLD
from adapters.data_gouv_fr.sandbox_reads import found
from adapters.data_gouv_fr.sandbox_whole import whole_dataset


def preview(call: Call) -> Any:
    """Show what a run of a source would bring."""
    return _named(actions.preview(call), found(call).name)


def preview_new(call: Call) -> Any:
    """Show what a run of a source that is not stored would bring."""
    return _named(actions.preview_new(call), msgspec.json.decode(call.body)["name"])


def published_preview(call: Call) -> Any:
    """Show anybody with a key what a run of a source would bring."""
    actions.signed(call)
    view = found(call)
    return _published(_named(actions.previewed(call, view), view.name))


def published_preview_new(call: Call) -> Any:
    """Show what a run of a source that is not stored would bring."""
    return _published(preview_new(call))


def _named(job: dict[str, Any], source: str) -> dict[str, Any]:
    return {**job, "source": source}


def _published(job: dict[str, Any]) -> dict[str, Any]:
    return {**job, "items": [_item(item) for item in job["items"]]}


def _item(item: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in item.items() if key not in UNTOLD}
    return {**kept, "dataset": whole_dataset(item["dataset"])}
