"""The comparison of portals as JSON, as a page of its own, and as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from gateway.compare.measure import ComparedPortal, Comparison, Figure, Finding
from gateway.compare.metrics import Comparability

VERDICTS = {
    Comparability.FULL: "Comparable",
    Comparability.PARTIAL: "Comparable with care",
    Comparability.NONE: "Not comparable",
}
"""How readers are told whether portals may be held against each other."""
SANDBOX_NOTICE = (
    "SANDBOX: the data of {portals} is invented. It says nothing about any real portal or publisher."
)


def plain(word: str) -> str:
    """Return a word of the model as readers say it: ``NOT_LISTED`` becomes ``not listed``."""
    return word.replace("_", " ").lower()


def instant(value: datetime | None) -> str:
    """Return an instant to the minute, in UTC."""
    return "not yet" if value is None else f"{value:%Y-%m-%d %H:%M} UTC"


def number(value: int) -> str:
    """Return a count with thin groups of three digits."""
    return f"{value:,}"


def share(part: float | None) -> str:
    """Return a share as a percentage with one decimal; a dash where there is none."""
    return "-" if part is None else f"{part:.1%}"


def portion(figure: Figure, word: str) -> float | None:
    """Return the share of *word* in what was counted."""
    return figure.counts[word] / figure.n if figure.n else None


def shown_words(finding: Finding) -> list[str]:
    """Return the words that at least one portal uses; all of them where none does."""
    words = list(finding.figures[0].counts) if finding.figures else []
    return [word for word in words if any(figure.counts[word] for figure in finding.figures)] or words


def period(comparison: Comparison) -> str:
    """Return the period in words."""
    if comparison.since is None and comparison.until is None:
        return "all runs that the gateway knows"
    since = f"from {instant(comparison.since)}" if comparison.since else "from the beginning"
    until = f"to before {instant(comparison.until)}" if comparison.until else "until now"
    return f"runs created {since} {until}"


def title(portal: ComparedPortal) -> str:
    """Return what the portal is called, with SANDBOX said once where it is one."""
    name = portal.title or portal.key
    return f"{name} (SANDBOX)" if portal.sandbox and "sandbox" not in name.lower() else name


def sandbox_notice(comparison: Comparison) -> str | None:
    """Return what must be said where any data is invented."""
    invented = [portal.title or portal.key for portal in comparison.portals if portal.sandbox]
    return SANDBOX_NOTICE.format(portals=" and ".join(invented)) if invented else None


def as_json(comparison: Comparison) -> bytes:
    """Return the comparison as indented JSON: names as in the dataclasses, instants in ISO 8601."""
    document = msgspec.to_builtins(comparison)
    document = {"sandbox": comparison.sandbox, **document}
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


@cache
def _page() -> Template:
    """Return the template, read once."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (plain, instant, number, share, portion, shown_words)
    environment.filters.update({function.__name__: function for function in filters})
    return environment.get_template("compare.html.jinja")


def as_html(comparison: Comparison) -> str:
    """Return the comparison as one page that needs nothing else."""
    return _page().render(
        comparison=comparison,
        notice=sandbox_notice(comparison),
        period=period(comparison),
        titles={portal.key: title(portal) for portal in comparison.portals},
        verdicts=VERDICTS,
    )


def as_text(comparison: Comparison) -> str:
    """Return the comparison as tables of text, at most a line per word."""
    notice = sandbox_notice(comparison)
    head = [notice, ""] if notice else []
    head += [f"Portals compared: {period(comparison)}; made at {instant(comparison.made_at)}"]
    for portal in comparison.portals:
        unfinished = " (first load unfinished)" if portal.loading else ""
        head.append(f"  {portal.key}: data of {instant(portal.as_of)}{unfinished}")
    blocks = ["\n".join(_text_block(finding)) for finding in comparison.findings]
    return "\n\n".join(["\n".join(head), *blocks]) + "\n"


def _text_block(finding: Finding) -> list[str]:
    """Return the lines of one metric."""
    keys = [figure.portal for figure in finding.figures]
    rows = [[plain(word), *_text_cells(finding.figures, word)] for word in shown_words(finding)]
    rows.append([f"n ({finding.unit})", *(number(figure.n) for figure in finding.figures)])
    if finding.rate:
        rows.append([finding.title.lower(), *(share(figure.value) for figure in finding.figures)])
    title = f"{finding.title} [{VERDICTS[finding.comparability].lower()}]"
    notes = [f"  ! {caveat}" for caveat in finding.caveats]
    return [title, f"  {finding.definition}", *_table([["", *keys], *rows]), *notes]


def _text_cells(figures: Iterable[Figure], word: str) -> list[str]:
    """Return each portal's count and share of *word*."""
    return [f"{number(figure.counts[word])} ({share(portion(figure, word))})" for figure in figures]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return *rows* as lines: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  "
        + "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
