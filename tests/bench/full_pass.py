"""Seconds of a full pass over portals that have not changed since the last one."""

from __future__ import annotations

import json

import both


def main() -> None:
    """Measure, print the figures, end with one JSON object."""
    options = both.arguments(__doc__ or "")
    found = both.measure(options)
    figures = {"scale": options.scale, "records": found["rows"]["harvest_record"], **both.full_pass(found)}
    both.warn(found)
    both.show(figures)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
