"""Packages that are not ours, as pip would install them."""

import shutil
import tomllib
from pathlib import Path


def install(name: str, folder: Path) -> Path:
    """What pip leaves of the package in ``tests/NAME``: its module, and the metadata beside it."""
    package = Path(__file__).parent / name
    project = tomllib.loads((package / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = folder / f"{name}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    shutil.copy(package / f"{name}.py", folder)
    about = {"Metadata-Version": "2.1", "Name": project["name"], "Version": project["version"]}
    (info / "METADATA").write_text("".join(f"{key}: {text}\n" for key, text in about.items()))
    lines = []
    for group, points in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{key} = {value}" for key, value in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return folder
