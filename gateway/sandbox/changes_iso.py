"""ISO 19115 contents of the Data.gov-style world: the XML of a web folder and the DCAT-US that it is turned into."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from xml.sax.saxutils import escape

from gateway.sandbox.changes_cast import Source
from gateway.sandbox.changes_draw import Draw
from gateway.sandbox.changes_slots import Slots
from gateway.sandbox.changes_words import KEYWORDS, PURPOSES

_SPACES = " ".join(
    f'xmlns:{prefix}="http://www.isotc211.org/2005/{prefix}"' for prefix in ("gmi", "gco", "gmd")
)


def _text(tag: str, value: str) -> str:
    return f"<gmd:{tag}><gco:CharacterString>{escape(value)}</gco:CharacterString></gmd:{tag}>"


class Folders:
    """Writes ISO contents, one per (source, slot, revision), and their transforms."""

    def __init__(self, seed: int, slots: Slots, first_day: date) -> None:
        self.seed = seed
        self.slots = slots
        self.first_day = first_day

    def facts(self, source: Source, slot: int, rev: int) -> dict[str, Any]:
        """Return what both forms say: title, abstract, publisher, date, keywords, box."""
        draw = Draw(self.seed, "iso", source.index, slot)
        west, south = -124 + draw.below(50), 26 + draw.below(20)
        return {
            "title": f"{self.slots.title(source, slot)}: survey & <index> {slot}",
            "abstract": " ".join(draw.some(PURPOSES, 2, 6)) + (f" Edition {rev + 1}." if rev else ""),
            "publisher": source.organization.names[0][1],
            "date": (self.first_day + timedelta(days=draw.below(600) + 13 * rev)).isoformat(),
            "keywords": ["__"] if draw.percent(12) else draw.some(KEYWORDS, 1, 5),
            "described": draw.percent(80),
            "box": (west, south, west + 1 + draw.below(3), south + 1 + draw.below(3)),
            "lines": 8 + draw.below(40),
        }

    def xml(self, source: Source, slot: int, rev: int) -> str:
        """Return the document as it lies in the folder."""
        facts = self.facts(source, slot, rev)
        root = "gmi:MI_Metadata" if source.schema_type == "iso19115_2" else "gmd:MD_Metadata"
        west, south, east, north = facts["box"]
        words = "".join(_text("keyword", word) for word in facts["keywords"])
        lineage = "\n".join(f"    Line {line}: processed and checked." for line in range(facts["lines"]))
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<{root} {_SPACES}>
  {_text("fileIdentifier", f"gov.example:{source.index + 1}:{slot}")}
  <gmd:contact><gmd:CI_ResponsibleParty>
    {_text("organisationName", facts["publisher"])}
  </gmd:CI_ResponsibleParty></gmd:contact>
  <gmd:dateStamp><gco:Date>{facts["date"]}</gco:Date></gmd:dateStamp>
  <gmd:identificationInfo><gmd:MD_DataIdentification>
    <gmd:citation><gmd:CI_Citation>{_text("title", facts["title"])}
      <gmd:date><gmd:CI_Date><gmd:date><gco:Date>{facts["date"]}</gco:Date></gmd:date></gmd:CI_Date></gmd:date>
    </gmd:CI_Citation></gmd:citation>
    {_text("abstract", facts["abstract"])}
    <gmd:descriptiveKeywords><gmd:MD_Keywords>{words}</gmd:MD_Keywords></gmd:descriptiveKeywords>
    <gmd:extent><gmd:EX_Extent><gmd:geographicElement><gmd:EX_GeographicBoundingBox>
      <gmd:westBoundLongitude><gco:Decimal>{west}</gco:Decimal></gmd:westBoundLongitude>
      <gmd:eastBoundLongitude><gco:Decimal>{east}</gco:Decimal></gmd:eastBoundLongitude>
      <gmd:southBoundLatitude><gco:Decimal>{south}</gco:Decimal></gmd:southBoundLatitude>
      <gmd:northBoundLatitude><gco:Decimal>{north}</gco:Decimal></gmd:northBoundLatitude>
    </gmd:EX_GeographicBoundingBox></gmd:geographicElement></gmd:EX_Extent></gmd:extent>
  </gmd:MD_DataIdentification></gmd:identificationInfo>
  <gmd:dataQualityInfo><gmd:DQ_DataQuality><gmd:lineage><gmd:LI_Lineage><gmd:statement><gco:CharacterString>
{lineage}
  </gco:CharacterString></gmd:statement></gmd:LI_Lineage></gmd:lineage></gmd:DQ_DataQuality></gmd:dataQualityInfo>
</{root}>
"""

    def transform(self, source: Source, slot: int, rev: int) -> dict[str, Any]:
        """Return the DCAT-US content that the portal makes of the document."""
        facts = self.facts(source, slot, rev)
        identifier = self.slots.identifier(source, slot)
        content: dict[str, Any] = {
            "@type": "dcat:Dataset",
            "accessLevel": "public",
            "contactPoint": {
                "fn": "Not provided - Contact data.gov",
                "hasEmail": f"mailto:metadata@{source.organization.host}",
            },
            "describedByType": "application/octet-steam",
            "description": facts["abstract"] if facts["described"] else "No description was provided.",
            "distribution": [
                {"@type": "dcat:Distribution", "accessURL": identifier, "mediaType": "text/xml"}
            ],
            "identifier": identifier,
            "keyword": facts["keywords"],
            "modified": facts["date"],
            "publisher": {"@type": "org:Organization", "name": facts["publisher"]},
            "spatial": ",".join(map(str, facts["box"])),
            "theme": ["geospatial"],
            "title": facts["title"],
        }
        if source.collection_parent_url:
            content["isPartOf"] = source.collection_parent_url
        return content
