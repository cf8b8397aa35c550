"""What is published: a wheel with the three packages and nothing else, and its source."""

import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
from packaging.metadata import Metadata

ROOT = Path(__file__).parent.parent
PACKAGES = {"catalogs", "etas", "recast"}
DATA = {
    "catalogs/py.typed",
    "catalogs/embedded/ridgecrest_2019.json",
    "catalogs/embedded/ridgecrest_2019.parquet",
    "etas/py.typed",
    "recast/py.typed",
    "recast/pretrained/MODEL_CARD.md",
    "recast/pretrained/places.ckpt",
    "recast/pretrained/WORLDS.md",
    "recast/pretrained/regions.ckpt",
    "recast/pretrained/worlds.ckpt",
    "recast/live/scores.html.j2",
    "recast/report/report.html.j2",
    "recast/benchmark/benchmark.schema.json",
    "recast/benchmark/published.json",
    "recast/benchmark/shipped/paper.json",
    "recast/forecast/correction.json",
    "recast/live/publication/oaf.schema.json",
    *(f"recast/live/publication/texts/{name}.yaml" for name in ("en", "es")),
    *(
        f"recast/live/publication/templates/{name}.j2"
        for name in (
            "base.html",
            "forecast.html",
            "index.html",
            "macros.html",
            "status.html",
            "style.css",
        )
    ),
}
LEFT_OUT = (".*", "build", "dist", "*.egg-info", "__pycache__", "runs")

pytestmark = pytest.mark.slow


def built(kind: str, source: Path, out: Path) -> Path:
    """The distribution made of a folder, with the build tools that are installed."""
    command = [sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "--outdir", str(out)]
    subprocess.run([*command, str(source)], check=True, capture_output=True)
    (made,) = out.iterdir()
    return made


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout without what is made in it."""
    folder = tmp_path_factory.mktemp("tree") / "checkout"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
    return folder


@pytest.fixture(scope="module")
def sdist(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("sdist", tree, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("wheel", tree, tmp_path_factory.mktemp("wheel"))


def content(wheel: Path) -> dict[str, int]:
    """Checksum of every file of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {info.filename: info.CRC for info in archive.infolist()}


def test_the_wheel_holds_the_three_packages(tree: Path, wheel: Path) -> None:
    files = set(content(wheel))
    metadata = {name for name in files if ".dist-info/" in name}
    code = {
        str(path.relative_to(tree)) for name in PACKAGES for path in (tree / name).rglob("*.py")
    }
    assert files - metadata == code | DATA
    assert {name.rpartition("/")[2] for name in metadata} == {
        "LICENSE",
        "METADATA",
        "RECORD",
        "WHEEL",
        "entry_points.txt",
        "top_level.txt",
    }


def test_its_source_makes_the_same_wheel(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    assert content(built("wheel", source, tmp_path / "wheel")) == content(wheel)
    # And holds what the tests read
    for name in ("tests/conftest.py", "experiments/configs/scedc.yaml", "constraints.txt"):
        assert (source / name).is_file()


def test_the_metadata_are_valid(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        raw = archive.read(name)
    metadata = Metadata.from_email(raw, validate=True)  # as the index does on upload
    assert metadata.license_expression == "Apache-2.0"
    assert metadata.description_content_type == "text/markdown"
    assert set(metadata.provides_extra or ()) == {"cluster", "csep", "dev", "docs", "obspy"}
    assert len(message_from_bytes(raw).get_payload()) > 1000


@pytest.mark.network
def test_an_empty_environment_suffices(wheel: Path, tmp_path: Path) -> None:
    """Installed with its dependencies only, and run outside the checkout."""
    venv.create(tmp_path / "env", with_pip=True)
    binaries, outside = tmp_path / "env" / "bin", tmp_path / "elsewhere"
    outside.mkdir()
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env |= {"RECAST_CACHE": str(tmp_path / "cache")}

    def run(*command: str) -> str:
        program = [str(binaries / command[0]), *command[1:]]
        done = subprocess.run(
            program, cwd=outside, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    run("pip", "install", "--quiet", str(wheel), "--constraint", str(ROOT / "constraints.txt"))
    assert "usage: recast" in run("recast", "--help")
    assert "ridgecrest_2019" in run("recast", "catalogs", "list")
    shown = run("recast", "benchmark", "--quick")
    assert (outside / "runs" / "benchmark" / "benchmark.json").is_file()
    for model in ("poisson", "etas", "recast-paper", "recast"):
        assert f"\n{model} " in shown
    place = "import recast; print(recast.__file__)"
    assert str(tmp_path / "env") in run("python", "-c", place)
