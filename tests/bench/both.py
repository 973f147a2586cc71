"""Runs the measured load: once so that every answer lies on disk, once for the clock."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import measured
import served

PORTALS = ["data-gouv-fr", "data-gov"]


def arguments(about: str) -> argparse.Namespace:
    """Return the options of a bench."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--scale", type=int, default=10, help="size of the sandbox world (default: 10)")
    parser.add_argument("--seed", type=int, default=1, help="which world (default: 1)")
    parser.add_argument("--portal", action="append", choices=PORTALS, help="only this one; may be repeated")
    parser.add_argument("--world", type=Path, help="keep the rendered world here, and use it if it is there")
    parser.add_argument("--no-clone", action="store_true", help="leave out `make up` in a fresh clone")
    return parser.parse_args()


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return what was measured at the wanted scale."""
    names = options.portal or PORTALS
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # Postgres may run as another user, who passes through
        kept: Path = (options.world or folder / "world") / f"seed-{options.seed}-scale-{options.scale}"
        rendered = kept / "-".join(["rendered", *sorted(names)])
        with served.portals(names, seed=options.seed, scale=options.scale, folder=kept) as urls:
            if not rendered.exists():
                print(f"Rendering the world at scale {options.scale} to disk", flush=True)
                measured.run(folder / "rendering", urls)
                rendered.touch()
            print("Measuring", flush=True)
            return measured.run(folder / "measured", urls)


def first_load(found: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of the first load."""
    load = found["first_load"]
    records = found["rows"]["harvest_record"]
    return {
        "records": records,
        "rows": sum(found["rows"].values()),
        "requests": load["requests"],
        "first_load_seconds": load["seconds"],
        "records_per_second": round(records / load["seconds"]),
        "peak_memory_mb": load["peak_memory_mb"],
        "database_mb": round(found["bytes"] / 1e6),
    }


def full_pass(found: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of the unchanged full pass."""
    again = found["full_pass"]
    return {
        "full_pass_seconds": again["seconds"],
        "full_pass_requests": again["requests"],
        "full_pass_new_or_changed": again["new"] + again["changed"],
    }


def show(figures: dict[str, Any]) -> None:
    """Print figures, a line each."""
    for name, value in figures.items():
        print(
            f"{name.replace('_', ' '):<26} {value:>14,}"
            if isinstance(value, int | float)
            else f"{name} {value}"
        )


def warn(found: dict[str, Any]) -> None:
    """Say which passes did not end well: their figures are worth nothing."""
    for name in ("first_load", "full_pass"):
        for portal, state in found[name]["states"].items():
            if state != "DONE":
                print(f"{name.replace('_', ' ')} of {portal}: {state} {' '.join(found[name]['notices'])}")
