"""How the sandbox portal took what users wrote while it checked forms: all of a source, or an error per field."""

from __future__ import annotations

from typing import Any

import msgspec

from adapters.data_gouv_fr import sandbox_actions as actions
from adapters.data_gouv_fr.sandbox_call import Call, Handler, Refusal
from adapters.data_gouv_fr.sandbox_legacy import UNTOLD
from adapters.data_gouv_fr.sandbox_reads import found
from adapters.data_gouv_fr.sandbox_whole import whole_dataset
from gateway.sandbox.inventory import View

_NEW: dict[str, Any] = {"description": None, "config": {}, "active": True, "autoarchive": True}
"""What a source has where a form does not say."""


def by_form(handler: Handler) -> Handler:
    """Return *handler* with a list of reasons for each field that is wrong, and no words for all of them."""

    def handle(call: Call) -> Any:
        try:
            return handler(call)
        except Refusal as refusal:
            if errors := refusal.body.get("errors"):
                refusal.body["errors"] = {name: [reason] for name, reason in errors.items()}
                refusal.body["message"] = actions.BROKEN
            raise

    return handle


def replace(call: Call) -> Any:
    """Make a source what the body says; what it leaves out is as a new source has it."""
    view = actions.editable(call)
    given = actions.payload(call)
    actions.complete(given)
    return actions.changed(call, view, {**_NEW, **given})


def preview(call: Call) -> Any:
    """Show what a run of a source would bring."""
    return _named(actions.preview(call), found(call).name)


def preview_new(call: Call) -> Any:
    """Show what a run of a source that is not stored would bring."""
    return _named(actions.preview_new(call), msgspec.json.decode(call.body)["name"])


def published_preview(call: Call) -> Any:
    """Show anybody with a key what a run of a source would bring."""
    actions.signed(call)
    view: View = found(call)
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
