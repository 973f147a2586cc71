"""What can be written to the sandbox portal, with the portal's checks and the words of its errors."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from adapters.data_gouv_fr.sandbox_call import CHALLENGE, UNAUTHORIZED, Call, Refusal, Reply
from adapters.data_gouv_fr.sandbox_preview import preview_job
from adapters.data_gouv_fr.sandbox_reads import found, known_id, written
from gateway.sandbox.inventory import View
from gateway.sandbox.inventory_backends import OFFERED

FORBIDDEN = "You do not have the permission to modify that object."
NOT_JSON = "Did not attempt to load JSON data because the request Content-Type was not 'application/json'."
BROKEN = "The browser (or proxy) sent a request that this server could not understand."
URL = re.compile(r"https?://[\w.-]+(:\d{2,5})?(/\S*)?")
UNREACHABLE = "/none"
"""Path of addresses that the sandbox takes for unreachable ones."""
CRON_FIELDS = 5


def create(call: Call) -> Any:
    """Make a source; it waits for its validation."""
    signed(call)
    given = payload(call)
    complete(given)
    fields = _checked(call, given)
    if "organization" not in fields and "owner" not in fields:
        fields["owner"] = call.caller.person
    view = call.desk.create(call.at, **fields)
    return Reply(201, written(call, view))


def update(call: Call) -> Any:
    """Change what the body names; unknown and read-only keys are ignored."""
    view = editable(call)
    return changed(call, view, payload(call))


def changed(call: Call, view: View, given: dict[str, Any]) -> Any:
    """Change what *given* names of a source; one without an organization breaks the portal."""
    if "organization" in given and given["organization"] is None:
        raise Refusal(500, "Internal Server Error")
    return written(call, call.desk.change(view, **_checked(call, given)))


def delete(call: Call) -> Any:
    """Soft-delete a source; doing it again moves the date."""
    call.desk.change(editable(call), deleted=call.at)
    return Reply(204)


def validate(call: Call) -> Any:
    """Accept (which schedules and runs), refuse or put back a source."""
    view = _administered(call)
    given = payload(call)
    state, comment = given.get("state"), given.get("comment")
    if state not in {"pending", "accepted", "refused"}:
        _fail("state", f"{state!r} is not a valid choice. Valid choices: ['pending', 'accepted', 'refused']")
    if state == "refused" and not comment:
        _fail("comment", "'comment' is required when 'state' is 'refused'")
    fields: dict[str, Any] = {"judge": call.caller.person, "judged": call.at, "comment": comment}
    if state == "accepted":
        view = call.desk.change(view, **fields, state=state, schedule="0 0 * * *")
        answer = written(call, view)
        call.desk.launch(view, call.at)
        return answer
    return written(call, call.desk.change(view, **fields, state="refused"))


def run(call: Call) -> Any:
    """Run a source now; the answer does not show the new job yet."""
    view = editable(call)
    if not call.caller.admin:
        raise Refusal(400, "Manual runs are disabled. Please contact the site administrators.")
    if view.state != "accepted":
        raise Refusal(400, "Source is not validated. Please validate the source before running.")
    answer = written(call, view)
    call.desk.launch(view, call.at)
    return answer


def schedule(call: Call) -> Any:
    """Set a source's cron schedule, given as JSON text or bare."""
    view = _administered(call)
    if call.media_type != "application/json":
        raise Refusal(415, NOT_JSON)
    text = call.body.decode("utf-8", "replace").strip().strip('"')
    fields = text.split()
    if len(fields) != CRON_FIELDS:
        how = "not enough values" if len(fields) < CRON_FIELDS else "too many values"
        got = f", got {len(fields)}" if len(fields) < CRON_FIELDS else ""
        raise Refusal(400, f"{how} to unpack (expected {CRON_FIELDS}{got})")
    return written(call, call.desk.change(view, schedule=text))


def unschedule(call: Call) -> Any:
    """Take a source's schedule away."""
    view = _administered(call)
    if view.schedule is None:
        raise Refusal(400, f"Harvesting on source {view.name} is not scheduled")
    call.desk.change(view, schedule=None)
    return Reply(204)


def preview(call: Call) -> Any:
    """Show what a run of a source would bring: at most twenty items, with whole datasets."""
    signed(call)
    view = found(call)
    if not call.caller.edits(view):
        raise Refusal(403, _forbidden(call, view))
    return previewed(call, view)


def previewed(call: Call, view: View) -> dict[str, Any]:
    """Return what a run of a source would be."""
    return preview_job(call.pen, view, view.id)


def preview_new(call: Call) -> Any:
    """Show what a run of a source that is not stored would bring."""
    signed(call)
    given = payload(call)
    complete(given)
    fields = _checked(call, given)
    return preview_job(call.pen, None, "None", url=fields["url"], backend=fields["backend"])


def signed(call: Call) -> None:
    """Refuse a call without a key."""
    if call.caller.person is None:
        raise Refusal(401, UNAUTHORIZED, headers=CHALLENGE)


def editable(call: Call) -> View:
    """Return the source that the path names; Refusal where the caller may not change it."""
    signed(call)
    view = found(call)
    if not call.caller.edits(view):
        raise Refusal(403, _forbidden(call, view))
    return view


def _administered(call: Call) -> View:
    signed(call)
    view = found(call)
    if not call.caller.admin:
        raise Refusal(403, FORBIDDEN)
    return view


def _forbidden(call: Call, view: View) -> str:
    """Return why; a mask lets the portal's inner words through."""
    if call.mask is None:
        return FORBIDDEN
    body = view.organization.id if view.organization else ""
    needs = f"organization(role='admin', value=ObjectId('{body}')), Need(method='role', value='admin')"
    return f"<HarvestSourceAdminPermission needs={{{needs}}} excludes=set()>"


def payload(call: Call) -> dict[str, Any]:
    """Return the body's object; Refusal where it holds none."""
    if call.media_type != "application/json":
        raise Refusal(415, NOT_JSON)
    try:
        given = msgspec.json.decode(call.body)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, BROKEN) from error
    if not isinstance(given, dict):
        raise Refusal(400, BROKEN)
    return given


def _fail(name: str, reason: str, message: str | None = None) -> None:
    raise Refusal(400, message or reason, errors={name: reason})


def _invalid(reason: str, names: list[str]) -> Refusal:
    message = f"ValidationError (HarvestSource:None) ({reason}: {names})"
    return Refusal(400, message, errors=dict.fromkeys(names, reason))


def complete(given: dict[str, Any]) -> None:
    """Refuse a source without name, address or backend."""
    missing = [name for name in ("name", "url", "backend") if not given.get(name)]
    if missing:
        raise _invalid("Field is required", missing)


def _checked(call: Call, given: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a view that a body sets, each checked as the portal does."""
    fields = {name: given[name] for name in _TEXTS if name in given}
    fields |= {name: bool(given[name]) for name in ("active", "autoarchive") if name in given}
    backend = fields.get("backend")
    if backend is not None and backend not in {offered["id"] for offered in OFFERED}:
        _fail("backend", f'Unknown backend "{backend}"')
    if "config" in given:
        fields["config"] = given["config"] or {}
        _check_config(fields["config"], backend or "")
    if given.get("organization"):
        fields |= {"organization": _body(call, given["organization"]), "owner": None}
    if len(str(fields.get("name", ""))) > 255:
        raise _invalid("String value is too long", ["name"])
    url = fields.get("url")
    if url is not None and (not URL.fullmatch(str(url)) or str(url).endswith(UNREACHABLE)):
        raise _invalid(f'Invalid URL "{url}"', ["url"])
    return fields


_TEXTS = ("name", "url", "backend", "description")


def _check_config(config: Any, backend: str) -> None:
    offered = next((one for one in OFFERED if one["id"] == backend), None)
    if offered is None or not isinstance(config, dict):
        return
    for kind, word in (("filters", "filter"), ("extra_configs", "extra config")):
        keys = {option["key"] for option in offered[kind]}
        for entry in config.get(kind) or []:
            if entry.get("key") not in keys:
                _fail("config", f'Unknown {word} key "{entry.get("key")}" for "{backend}" backend')
    for key, value in (config.get("features") or {}).items():
        if key not in {option["key"] for option in offered["features"]}:
            _fail("config", f'Unknown feature "{key}" for "{backend}" backend')
        if not isinstance(value, bool):
            _fail("config", "A feature should be a boolean")


def _body(call: Call, given: Any) -> Any:
    native_id = known_id(str(given.get("id") if isinstance(given, dict) else given), "organization")
    for body in call.desk.world.people.organizations:
        if body.id == native_id:
            if not call.caller.admin and body.id not in call.caller.member_of:
                _fail("organization", "Permission denied for this organization")
            return body
    _fail("organization", f"Unknown reference '{native_id}'")
    return None
