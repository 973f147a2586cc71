"""All of the bench in one run: a first load at scale 10, an unchanged full pass, a huge run, a fresh clone."""

from __future__ import annotations

import json

import both
import embedded_job
import first_answer


def main() -> None:
    """Measure, print the figures and the tables, end with one JSON object."""
    options = both.arguments(__doc__ or "")
    found = both.measure(options)
    figures = {"scale": options.scale, **both.first_load(found), **both.full_pass(found)}
    figures["embedded_job_memory_ratio"] = embedded_job.measure()["memory_ratio"]
    if not options.no_clone:
        figures["first_answer_seconds"] = first_answer.measure()
    both.warn(found)
    both.show(figures)
    for table in found["tables"]:
        print(f"  table {table['name']:<20} {table['bytes'] / 1e6:>10,.1f} MB {table['rows']:>12,} rows")
    for portal, share in found["first_load"]["by_portal"].items():
        print(f"  first load of {portal:<12} {share['seconds']:>10,.2f} s {share['records']:>12,} records")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
