"""Where the sandbox's data lies, and that nothing of the live portals goes there."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.cli.place import (
    addresses,
    chosen,
    invented,
    known_port,
    last_served,
    note_addresses,
    place,
    spoken,
    world_folder,
)
from gateway.config import Settings
from gateway.errors import ConfigurationError, UsageError
from gateway.registry import portals
from gateway.sandbox.clock import opened


def settings(folder: Path, **given: object) -> Settings:
    return Settings.model_validate({"data_dir": folder, **given})


def test_the_sandbox_has_a_folder_of_its_own(tmp_path: Path) -> None:
    assert place(settings(tmp_path)).data_dir == tmp_path / "sandbox"


def test_another_world_has_another_folder(tmp_path: Path) -> None:
    folders = {
        place(settings(tmp_path, sandbox_seed=seed, sandbox_scale=scale)).data_dir
        for seed, scale in ((1, 1), (2, 1), (1, 2), (2, 2))
    }
    assert len(folders) == 4


@pytest.mark.parametrize(
    ("given", "own"),
    [
        ("postgresql://ada:x@db:5433/harvests?sslmode=require", "/harvests_sandbox?sslmode=require"),
        ("postgresql:///harvests?host=/run/pg", "/harvests_sandbox?host=/run/pg"),
        ("postgresql://db/harvests_sandbox", "/harvests_sandbox"),
    ],
)
def test_the_sandbox_has_a_database_of_its_own(tmp_path: Path, given: str, own: str) -> None:
    url = place(settings(tmp_path, database_url=given)).database_url
    assert url is not None
    assert url.endswith(own)


def test_an_address_without_a_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="database of its own"):
        place(settings(tmp_path, database_url="postgresql://db"))


def test_all_portals_are_invented_and_no_key_goes_there(tmp_path: Path) -> None:
    live = {
        "data-gov": {"api_key": "hunter22"},
        "my-city": {"adapter": "data-gouv-fr", "base_url": "http://city"},
    }
    found = portals(place(settings(tmp_path, portals=live)))
    assert found
    for portal in found.values():
        assert portal.settings.sandbox
        assert "sandbox" in portal.settings.title
        assert portal.settings.base_url.startswith("http://127.0.0.1:")
        assert portal.settings.api_key is None
    assert "my-city" not in found


def test_addresses_are_remembered(tmp_path: Path) -> None:
    assert addresses(tmp_path) == {}
    note_addresses(tmp_path, {"data-gov": "http://127.0.0.1:9101"})
    note_addresses(tmp_path, {"data-gouv-fr": "http://127.0.0.1:9102"})
    assert known_port(tmp_path, "data-gov") == 9101
    assert known_port(tmp_path, "data-gouv-fr") == 9102
    assert known_port(tmp_path, "elsewhere") == 0


def test_the_world_that_was_served_last_is_asked(tmp_path: Path) -> None:
    assert last_served(settings(tmp_path)) == {}
    other = place(settings(tmp_path, sandbox_seed=7)).data_dir
    note_addresses(tmp_path / "sandbox", {"data-gov": "http://127.0.0.1:9101"})
    note_addresses(other, {"data-gov": "http://127.0.0.1:9102"})
    os.utime(other / "sandbox-portals.json", (2_000_000_000, 2_000_000_000))
    assert last_served(settings(tmp_path)) == {"data-gov": "http://127.0.0.1:9102"}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"data-gov": "http://x:y"}'])
def test_a_spoilt_note_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "sandbox-portals.json").write_text(text)
    assert known_port(tmp_path, "data-gov") == 0


def test_an_unknown_sandbox_portal_names_the_known_ones() -> None:
    with pytest.raises(UsageError) as refused:
        chosen(["nowhere"])
    assert "data-gov" in refused.value.hint
    assert list(chosen(["DATA_GOV"])) == ["data-gov"]


def test_a_dialect_is_for_the_portals_that_know_it() -> None:
    assert spoken(invented(), None) == {}
    assert spoken(invented(), ["v16", "documented"]) == {"data-gouv-fr": "v16", "data-gov": "documented"}
    assert spoken(invented(), ["v16", "v9"]) == {"data-gouv-fr": "v9"}
    with pytest.raises(UsageError) as refused:
        spoken(invented(), ["klingon"])
    assert "data-gouv-fr: v17, v16, v9" in refused.value.hint


def test_the_address_and_the_key_are_those_of_what_was_spoken_last(tmp_path: Path) -> None:
    assert place(settings(tmp_path)).portals["data-gov"]["base_url"].endswith("/api/v1")
    world = world_folder(tmp_path / "sandbox")
    epoch = datetime(2026, 11, 22, tzinfo=UTC)
    opened("data-gov", seed=1, scale=1, epoch=epoch, folder=world, live=False).speak("documented")
    found = place(settings(tmp_path)).portals["data-gov"]
    assert found["base_url"].endswith("/technology/datagov_harvest/v2")
    assert found["api_key"]
    assert place(settings(tmp_path, sandbox_seed=2)).portals["data-gov"]["base_url"].endswith("/api/v1")
