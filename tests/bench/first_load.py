"""Records per second of a first load, from HTTP to committed rows, and the most memory that it held."""

from __future__ import annotations

import json

import both


def main() -> None:
    """Measure, print the figures, end with one JSON object."""
    options = both.arguments(__doc__ or "")
    found = both.measure(options)
    figures = {"scale": options.scale, **both.first_load(found)}
    both.warn(found)
    both.show(figures)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
