"""DCAT-US contents of the Data.gov-style world: what a publisher's catalogue says of one dataset."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from gateway.sandbox import words
from gateway.sandbox.changes_cast import Source
from gateway.sandbox.changes_draw import Draw
from gateway.sandbox.changes_slots import Slots
from gateway.sandbox.changes_words import FORMATS, KEYWORDS, LICENSES, PEOPLE, PERIODS, PLACEHOLDERS, PURPOSES

_CLASSES = {
    "dataset": "Dataset",
    "data_series": "DatasetSeries",
    "data_service": "DataService",
    "catalog_record": "CatalogRecord",
}


class Catalogues:
    """Writes DCAT-US 1.1 and 3.0 contents, one per (source, slot, revision)."""

    def __init__(self, seed: int, slots: Slots, first_day: date) -> None:
        self.seed = seed
        self.slots = slots
        self.first_day = first_day

    def content(self, source: Source, slot: int, rev: int, origin: int | None = None) -> dict[str, Any]:
        """Return the faultless content of a slot at a revision."""
        draw = Draw(self.seed, "dcat", source.index, slot)
        identifier = self.slots.identifier(source, slot, origin)
        content = self._common(draw, source, slot, rev)
        if source.three:
            kind = self.slots.record_type(source, slot, origin)
            return self._three(draw, content, identifier, kind, self.slots.parent(source, slot))
        return self._one(draw, content, identifier, source, slot)

    def _common(self, draw: Draw, source: Source, slot: int, rev: int) -> dict[str, Any]:
        content: dict[str, Any] = {
            "title": self.slots.title(source, slot),
            "description": self._description(draw, source, slot, rev),
            "modified": self.modified(draw, rev),
            "keyword": self._keywords(draw),
            "publisher": self._publisher(draw, source, slot),
            "contactPoint": {
                "@type": "vcard:Contact",
                "fn": draw.pick(PEOPLE),
                "hasEmail": f"mailto:opendata@{source.organization.host}",
            },
        }
        if draw.percent(70):
            content["license"] = draw.pick(LICENSES)
        if draw.percent(55):
            content["landingPage"] = f"https://{source.host}/d/{slot:05d}"
        content["distribution"] = self._files(draw, source, slot)
        return content

    def _description(self, draw: Draw, source: Source, slot: int, rev: int) -> str:
        told = source.shared[slot].description if slot < len(source.shared) else ""
        parts = [told, *draw.some(PURPOSES, 1, 4)]
        if rev:
            parts.append(f"Edition {rev + 1}.")
        return " ".join(part for part in parts if part)

    def modified(self, draw: Draw, rev: int) -> str:
        """Return the date of a revision in one of the forms that publishers use."""
        day = self.first_day + timedelta(days=draw.below(600) + 13 * rev)
        hour, minute = draw.below(24), draw.below(60)
        form = draw.below(20)
        if form < 12:
            return day.isoformat()
        if form < 14:
            return f"{day}T{hour:02d}:{minute:02d}:00Z"
        if form < 16:
            return f"{day}T{hour:02d}:{minute:02d}:40-04:00"
        if form < 17:
            return f"{day}T{hour:02d}:{minute:02d}:05.250+00:00"
        if form < 18:
            return f"{day}T{hour:02d}:{minute:02d}:59"
        return draw.pick(("R/P1Y", "R/P1D", f"R/{day}/P1M"))

    def _keywords(self, draw: Draw) -> list[str]:
        if draw.percent(4):
            return [draw.pick(PLACEHOLDERS)]
        return draw.some(KEYWORDS, 2, 6)

    def _publisher(self, draw: Draw, source: Source, slot: int) -> dict[str, Any]:
        name = source.organization.names[0][1]
        if slot < len(source.shared):
            name = source.shared[slot].publisher
        publisher: dict[str, Any] = {"@type": "org:Organization", "name": name}
        if draw.percent(15):
            publisher["subOrganizationOf"] = {"@type": "org:Organization", "name": "United Agencies"}
        return publisher

    def _files(self, draw: Draw, source: Source, slot: int) -> list[dict[str, Any]]:
        files: list[dict[str, Any]] = []
        for label, media, ending in draw.some(FORMATS, 1, 4):
            address = f"https://{source.host}/files/{slot:05d}.{ending}"
            files.append(
                {"@type": "dcat:Distribution", "downloadURL": address, "mediaType": media, "title": label}
            )
        if draw.percent(20):
            files.append({"accessURL": f"https://{source.host}/api/{slot:05d}", "format": "API"})
        return files

    def _one(
        self, draw: Draw, content: dict[str, Any], identifier: str, source: Source, slot: int
    ) -> dict[str, Any]:
        content |= {"@type": "dcat:Dataset", "identifier": identifier, "accessLevel": "public"}
        content["bureauCode"] = [f"{10 + draw.below(30):03d}:{draw.below(30):02d}"]
        content["programCode"] = [f"{10 + draw.below(30):03d}:{draw.below(90):03d}"]
        if draw.percent(40):
            content["accrualPeriodicity"] = draw.pick(PERIODS)
        if draw.percent(30):
            content["spatial"] = draw.pick(("-104.2,31.8,-103.1,32.9", "United States", "Jefferson"))
        if whole := self.slots.whole(source, slot):
            content["isPartOf"] = whole
        if draw.percent(10):
            content["rights"] = None
        if draw.percent(8):
            content["language"] = draw.pick((["en-US"], ["es"], ["fr", "en"], []))
        if slot < len(source.shared):
            content["theme"] = [draw.pick(words.ENGLISH_THEMES)]
        return content

    def _three(
        self, draw: Draw, content: dict[str, Any], identifier: str, kind: str, parent: str | None
    ) -> dict[str, Any]:
        content["@type"] = _CLASSES[kind]
        if kind in {"catalog_record", "data_series"}:
            content["@id"] = identifier
            for key in ("distribution", "contactPoint", "license", "keyword"):
                content.pop(key, None)
        elif draw.percent(30):
            content["identifier"] = {"@id": identifier, "@type": "Identifier"}
        else:
            content["identifier"] = identifier
        if kind == "data_service":
            content["endpointURL"] = draw.pick(
                ("https://gis.example.gov/wms", "https://gis.example.gov/ogcapi")
            )
        if parent is not None:
            content["inSeries"] = {"@id": parent}
        return content
