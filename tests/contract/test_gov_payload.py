"""A payload of documented Data.gov, asked for by itself: what is one, what is none, and what is an error."""

from __future__ import annotations

from typing import Any

import pytest
from contract.gov_mirror import Mirror, mirrored
from contract.gov_portal import NOT_FOUND

from adapters.data_gov import ADAPTER
from gateway.errors import PortalRefused, PortalUnavailable, PortalUnreadable
from gateway.ports import Part, Payload
from gateway.testing import Reply, client_for, portal_for

BROKEN = Reply(b"", 500)


async def asked(
    mirror: Mirror, part: Part, noted: dict[str, Any], record: str = "a b/c", **settings: Any
) -> Payload | None:
    """Ask for a payload as the gateway does."""
    portal = portal_for(ADAPTER, mirror.portal.fake.base_url, **settings)
    async with client_for(portal, mirror.known.now) as client:
        return await ADAPTER.payload(portal, client, noted, record, part)


@pytest.mark.parametrize(
    ("reply", "body", "media_type"),
    [
        (Reply(b'{"b": 1, "a": 2}'), b'{"b": 1, "a": 2}', "application/json"),
        (Reply(b"<gmd/>", 200, "application/xml; charset=utf-8"), b"<gmd/>", "application/xml"),
        (Reply(b"junk", 200, "text/plain"), b"junk", "text/plain"),
        (NOT_FOUND, None, "application/json"),
        (Reply(b"<html>", 404, "text/html"), None, "text/html"),
        (Reply(b"", 200, "application/xml"), None, "application/xml"),
    ],
)
@pytest.mark.parametrize(("part", "place"), [(Part.RAW, "raw"), (Part.TRANSFORMED, "transformed")])
async def test_a_payload_is_asked_for_by_itself(
    part: Part, place: str, reply: Reply, body: bytes | None, media_type: str
) -> None:
    async with mirrored() as mirror:
        path = f"/harvest_record/a%20b%2Fc/{place}"
        mirror.portal.fake.answers[path] = reply
        found = await asked(mirror, part, {"wire": "DOCUMENTED"})
        assert found is not None
        assert (found.body, found.media_type) == (body, media_type)
        assert found.fetch.endpoint == path
        assert [request.headers.get("X-Api-Key") for request in mirror.portal.fake.requests] == [None]


async def test_a_payload_is_asked_for_with_the_key_that_is_set() -> None:
    async with mirrored() as mirror:
        await asked(mirror, Part.RAW, {"wire": "DOCUMENTED"}, api_key="k" * 40)
        assert [request.headers.get("X-Api-Key") for request in mirror.portal.fake.requests] == ["k" * 40]


@pytest.mark.parametrize("noted", [{}, {"wire": "REAL"}])
async def test_no_payload_is_asked_for_where_documents_hold_it(noted: dict[str, Any]) -> None:
    async with mirrored() as mirror:
        assert await asked(mirror, Part.RAW, noted) is None
        assert mirror.portal.asked == []


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(b"<html>", 200, "text/html"), PortalUnreadable),
        (Reply(b"<html>", 308, "text/html"), PortalRefused),
        (Reply({"error": {"code": "NOT_FOUND"}}, 404), PortalRefused),
        (Reply({"error": {"code": "API_KEY_MISSING"}}, 403), PortalRefused),
        (BROKEN, PortalUnavailable),
        (Reply(b"", 503), PortalUnavailable),
    ],
)
async def test_a_payload_that_cannot_be_had_is_an_error(reply: Reply, error: Any) -> None:
    async with mirrored() as mirror:
        mirror.portal.fake.answers["/harvest_record/a%20b%2Fc/raw"] = reply
        with pytest.raises(error):
            await asked(mirror, Part.RAW, {"wire": "DOCUMENTED"})


@pytest.mark.parametrize("record", [".", ".."])
async def test_nothing_is_asked_for_an_id_of_dots(record: str) -> None:
    async with mirrored() as mirror:
        assert await asked(mirror, Part.RAW, {"wire": "DOCUMENTED"}, record) is None
        assert mirror.portal.asked == []
