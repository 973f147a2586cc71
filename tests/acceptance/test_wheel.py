"""A wheel in an empty environment, started from another folder, migrates and serves."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from acceptance.commanding import PATIENCE, Started, environment

ROOT = Path(__file__).resolve().parents[2]
INSTALL_SECONDS = 600


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of programs of an environment that holds the wheel and what it needs, nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    folder.chmod(0o755)
    quietly(sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT))
    [wheel] = folder.glob("*.whl")
    place = folder / "environment"
    uv = shutil.which("uv")
    if uv:
        quietly(uv, "venv", "--python", sys.executable, str(place))
        install = [uv, "pip", "install", "--python", str(place / "bin" / "python")]
    else:
        quietly(sys.executable, "-m", "venv", str(place))
        install = [str(place / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check"]
    quietly(*install, "--constraint", str(ROOT / "constraints.txt"), str(wheel))
    return place / "bin"


def quietly(*command: str) -> None:
    """Run *command*; the test fails with what it printed when it fails."""
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd="/", timeout=INSTALL_SECONDS
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def run(installed: Path, data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installed gateway from *data*."""
    command = [str(installed / "gateway"), *arguments]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=data, env=elsewhere(data), timeout=PATIENCE
    )


def elsewhere(data: Path) -> dict[str, str]:
    """Return an environment in which nothing of the checkout can be found."""
    return {name: value for name, value in environment(data).items() if not name.startswith("PYTHON")}


@pytest.mark.index
def test_the_wheel_migrates_and_serves(installed: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    migrated = run(installed, tmp_path, "migrate", "--json")
    assert json.loads(migrated.stdout)["applied"]
    run(installed, tmp_path, "schema", "--check")
    names = [row["name"] for row in json.loads(run(installed, tmp_path, "query", "--json").stdout)]
    assert names
    log = tmp_path / "serve.log"
    with log.open("wb") as file:
        command = [str(installed / "gateway"), "serve", "--port", "0"]
        process = subprocess.Popen(command, stdout=file, stderr=file, cwd=tmp_path, env=elsewhere(tmp_path))
    running = Started(process, log)
    try:
        url = running.line("Serving")
        question = f"{url}?query=%7B__typename%7D"
        opener = build_opener(ProxyHandler({}))
        with opener.open(question, timeout=PATIENCE) as answer:
            assert json.loads(answer.read())["data"] == {"__typename": "Query"}
        for address in (url, f"{url.removesuffix('graphql')}docs"):
            asked = Request(address, headers={"Accept": "text/html"})
            with opener.open(asked, timeout=PATIENCE) as page:
                assert b"<title>Harvest gateway" in page.read()
    finally:
        running.stop()
    assert process.returncode == 0
