"""The image and the containers name commands, settings, files and folders that there are.

Nobody builds them here: they are read, and held against the command line, the settings and the package.
"""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway import registry
from gateway.cli.documentation import commands, settings
from harvest_graphql.serving.probes import READY

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
SETTING = re.compile(r"\bGATEWAY_[A-Z0-9_]+\b")

COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
OURS = {name: one for name, one in COMPOSE["services"].items() if one["image"] == "harvest-gateway"}


def instructions() -> list[tuple[str, list[str]]]:
    """Return the Dockerfile's instructions with their words."""
    text = re.sub(r"\\\n", " ", (DEPLOY / "Dockerfile").read_text("utf-8"))
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], _words(line.split(maxsplit=1)[1])) for line in lines]


def _words(text: str) -> list[str]:
    return json.loads(text) if text.startswith("[") else shlex.split(text)


def of(kind: str) -> list[list[str]]:
    return [words for name, words in instructions() if name == kind]


ENVIRONMENT = dict(word.split("=", 1) for words in of("ENV") for word in words)
COMMANDS = {name.removeprefix("gateway ") for name, _ in commands()}


def known(setting: str) -> bool:
    """Whether there is such a setting; of a portal: one that ships with the gateway."""
    names = {name for name, _, _ in settings()}
    portal = re.fullmatch(r"GATEWAY_PORTALS__(\w+?)__(\w+)", setting)
    if portal is None:
        return setting in names
    key = portal[1].lower().replace("_", "-")
    return key in registry.adapters() and f"GATEWAY_PORTALS__<KEY>__{portal[2]}" in names


def test_every_role_is_a_command() -> None:
    assert of("ENTRYPOINT") == [["gateway"]]
    assert "gateway" in PROJECT["project"]["scripts"]
    roles = [*of("CMD"), *(one["command"] for one in OURS.values())]
    assert len(roles) == 4
    assert {" ".join(words) for words in roles} <= COMMANDS


def test_what_is_written_about_deployment_names_commands_that_there_are() -> None:
    told = re.findall(
        r"(?:`|^)gateway ((?:[a-z]+ ?){1,2})", (DEPLOY / "README.md").read_text("utf-8"), re.MULTILINE
    )
    assert told
    for words in told:
        assert words.strip() in COMMANDS or words.split()[0] in COMMANDS, words


@pytest.mark.parametrize("file", ["Dockerfile", "compose.yaml", "README.md"])
def test_every_setting_is_one(file: str) -> None:
    found = set(SETTING.findall((DEPLOY / file).read_text("utf-8")))
    assert found
    assert [name for name in found if not known(name)] == []


def test_what_the_shell_sets_is_documented() -> None:
    told = (DEPLOY / "README.md").read_text("utf-8")
    wanted = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text("utf-8")))
    assert wanted
    assert [name for name in wanted if f"| `{name}` |" not in told] == []


def test_what_is_copied_is_there_and_reaches_the_build() -> None:
    own = [words for words in of("COPY") if not words[0].startswith("--from")]
    for *sources, _ in own:
        for source in sources:
            assert (ROOT / source).exists(), source
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel["force-include"], *PROJECT["project"]["license-files"]}
    needed |= {"pyproject.toml", PROJECT["project"]["readme"], "constraints.txt", "graphql/explorer/src"}
    ignoring = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").split("\n")[1:]
    let_in = {line[1:] for line in ignoring if line.startswith("!")}
    kept_out = [line for line in ignoring if line and not line.startswith("!") and line != "*"]
    for path in needed:
        assert (ROOT / path).exists(), path
        assert path.split("/")[0] in let_in, path
        assert not any(fnmatch(path, pattern) for pattern in kept_out), path


def test_the_explorer_is_built_to_where_the_wheel_takes_it_from() -> None:
    package = json.loads((ROOT / "graphql" / "explorer" / "package.json").read_text("utf-8"))
    assert ["OUT_DIR=/explorer", "npm", "run", "build"] in of("RUN")
    assert "build" in package["scripts"]
    assert "process.env.OUT_DIR" in (ROOT / "graphql" / "explorer" / "vite.config.js").read_text("utf-8")
    (copied,) = [words for words in of("COPY") if words[:2] == ["--from=explorer", "/explorer"]]
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert f"{copied[2]}/" in wheel["artifacts"]


def test_the_images_bring_what_is_asked_of_python_and_node() -> None:
    versions = {words[0].split(":")[0]: words[0].split(":")[1].split("-")[0] for words in of("FROM")}
    assert PROJECT["project"]["requires-python"] == f">={versions['python']}"
    assert int(versions["node"]) >= 22, "package.json wants 22.12 or later"
    assert int(COMPOSE["services"]["postgres"]["image"].split(":")[1]) >= 15


def test_the_port_is_one_and_is_asked_for_what_it_answers() -> None:
    port = ENVIRONMENT["GATEWAY_PORT"]
    assert of("EXPOSE") == [[port]]
    assert OURS["serve"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert f"http://127.0.0.1:{port}{READY}'" in OURS["serve"]["healthcheck"]["test"][-1]


def test_containers_write_to_declared_places_alone_and_wait_for_services_that_there_are() -> None:
    data = ENVIRONMENT["GATEWAY_DATA_DIR"]
    for name, one in COMPOSE["services"].items():
        mounted = dict(volume.split(":", 1) for volume in one.get("volumes", []))
        assert set(mounted) <= set(COMPOSE["volumes"]), name
        assert set(one.get("depends_on", {})) <= set(COMPOSE["services"]), name
        if name in OURS:
            assert one["read_only"], name
            assert one["tmpfs"] == ["/tmp"], name
            assert set(mounted.values()) <= {data}, name
            assert (DEPLOY / one["build"]["context"] / one["build"]["dockerfile"]).is_file(), name
            assert int(one["stop_grace_period"].removesuffix("s")) > 10, "they end within ten seconds"
    assert {name for name, one in OURS.items() if one.get("volumes")} == {"serve", "worker"}
