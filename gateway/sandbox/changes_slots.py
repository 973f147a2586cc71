"""What the datasets of a source are called: identifier, type, parent and title of each slot of its catalogue."""

from __future__ import annotations

from gateway.sandbox import dice, words
from gateway.sandbox.changes_cast import Source
from gateway.sandbox.changes_words import PLACES, SPANISH, THEMES

SERVICE = "data_service"
_TYPES = {0: "data_series", 1: SERVICE, 2: "catalog_record"}
"""Record types other than dataset, by the slot's last digit, in DCAT-US 3.0 catalogues."""
_PARENTS = {3: 0, 4: 0, 5: 0, 6: 2, 7: 1, 8: 0}
"""Last digit of the parent's slot, by the slot's last digit, in DCAT-US 3.0 catalogues."""
_PARTS = 12
"""How many of a hundred datasets are parts of another, in DCAT-US 1.1 catalogues."""
_LONG = "&".join(f"layer{number}=https%3A%2F%2Fgis.example.gov%2Fservices%2F{number}" for number in range(12))


class Slots:
    """Names what is in the slots of catalogues. *origin* is the slot that a moved one had before."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def record_type(self, source: Source, slot: int, origin: int | None = None) -> str:
        """Return the record's type: of a moved slot, what it moved to."""
        if origin is not None:
            return SERVICE
        return _TYPES.get(slot % 10, "dataset") if source.three else "dataset"

    def movable(self, source: Source, slot: int) -> bool:
        """Return whether the slot may become a data service (its identifier is no service's yet)."""
        return source.three and slot % 10 > 2 and slot % 20 != 13

    def identifier(self, source: Source, slot: int, origin: int | None = None) -> str:
        """Return the record's identifier: unique with its type in its source, not beyond."""
        if origin is not None:
            slot = origin
        if slot < len(source.shared):
            return source.shared[slot].identifier
        if source.iso:
            return self._document(source, slot)
        if source.three and slot % 10 <= 2:
            return self._special(source, slot)
        return self._styled(source, slot)

    def parent(self, source: Source, slot: int) -> str | None:
        """Return the parent's identifier as the portal knows it."""
        if source.collection_parent_url:
            return source.collection_parent_url
        last = _PARENTS.get(slot % 10) if source.three else None
        return None if last is None else self.identifier(source, slot - slot % 10 + last)

    def whole(self, source: Source, slot: int) -> str | None:
        """Return the identifier of what a DCAT-US 1.1 catalogue says that the dataset is a part of."""
        if source.iso or source.three or not slot:
            return None
        part = dice.number(self.seed, "whole", source.index, slot) % 100 < _PARTS
        return self.identifier(source, 0) if part else None

    def title(self, source: Source, slot: int) -> str:
        """Return the dataset's title: English, now and then French or Spanish."""
        if slot < len(source.shared):
            return source.shared[slot].title
        number = dice.number(self.seed, "title", source.index, slot)
        language, number = number % 100, number // 100
        place, number = PLACES[number % len(PLACES)], number // len(PLACES)
        if language < 4:
            theme, commune = number % len(words.THEMES), number % len(words.COMMUNES)
            return f"{words.THEMES[theme]}, {words.COMMUNES[commune]}"
        if language < 8:
            return f"{SPANISH[number % len(SPANISH)]}, {place}"
        return f"{THEMES[number % len(THEMES)]}, {place}, {2004 + number % 23}"

    def nameless(self, source: Source, place: int) -> str:
        """Return the title that stands for the identifier of a dataset without one."""
        return f"Untitled export {place + 1} of {source.host}, with no identifier"

    def _document(self, source: Source, slot: int) -> str:
        if slot == 0 and source.collection_parent_url:
            return source.collection_parent_url
        return f"{source.base}/iso/xml/{source.organization.slug}_{slot:05d}.xml"

    def _special(self, source: Source, slot: int) -> str:
        if slot % 20 == 11:
            return self._styled(source, slot + 2)
        if slot % 20 == 2:
            return "urn:datagov:catalogrecord:" + dice.hexadecimal(
                64, self.seed, "record", source.index, slot
            )
        kind = ("series", "service", "record")[slot % 10]
        return f"https://{source.host}/{kind}/{slot:05d}"

    def _styled(self, source: Source, slot: int) -> str:
        style = dice.number(self.seed, "style", source.index, slot) % 100
        theme, host = THEMES[slot % len(THEMES)], source.host
        styles = (
            (35, f"{source.organization.slug}-{slot:07d}"),
            (55, f"https://{host}/id/dataset/{slot:06d}"),
            (65, f"urn:example:dataset:{slot}"),
            (73, f"FY {2000 + slot % 25} {theme}, Table {slot} (50%)"),
            (78, f"https://{host}/résumé?id={slot}&q=caf%C3%A9%20noir"),
            (82, f"https://{host}/wms?dataset={slot}&{_LONG}"),
            (85, str(slot)),
        )
        named = next((name for limit, name in styles if style < limit), None)
        return named or dice.uuid(self.seed, "identifier", source.index, slot)
