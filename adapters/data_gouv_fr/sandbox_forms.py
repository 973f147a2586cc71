"""How the sandbox portal took what users wrote while it checked forms: all of a source, or an error per field."""

from __future__ import annotations

from typing import Any

from adapters.data_gouv_fr import sandbox_actions as actions
from adapters.data_gouv_fr.sandbox_call import Call, Handler, Refusal

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
