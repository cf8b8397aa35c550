"""Another package that is imported as `etas` in the same environment: one clear line, always."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import etas

ROOT = Path(etas.__file__).parent.parent
THEIRS = {
    "__init__.py": "from etas.inversion import invert\n",
    "inversion.py": "from etas.simulation import simulate_catalog\ninvert = simulate_catalog\n",
    "simulation.py": "simulate_catalog = print\n",
}
STATEMENTS = ("import recast", "import etas; etas.ETAS", "from recast.cli import main")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site folder with a copy of this package, as pip installs it."""
    site = tmp_path / "site"
    skip = shutil.ignore_patterns("__pycache__", "*.ckpt")
    for package in ("catalogs", "etas", "recast"):
        shutil.copytree(ROOT / package, site / package, ignore=skip)
    files = {path.name: path.read_bytes() for path in (site / "etas").glob("*.py")}
    record(site, "recast_forecast-9.9", files)
    return site


def record(site: Path, name: str, files: dict[str, bytes]) -> None:
    """Metadata of an installed distribution."""
    info = site / f"{name}.dist-info"
    info.mkdir(parents=True)
    title, _, version = name.partition("-")
    info.joinpath("METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {title.replace('_', '-')}\nVersion: {version}\n"
    )
    rows = []
    for file, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.append(f"etas/{file},sha256={digest},{len(content)}\n")
    info.joinpath("RECORD").write_text("".join(rows))


def install_theirs(site: Path, *, over: bool = True) -> None:
    """The other package; ``over`` if it is the last to be installed."""
    record(site, "etas-3.2", {name: text.encode() for name, text in THEIRS.items()})
    (site / "etas").mkdir(exist_ok=True)
    for name, text in THEIRS.items():
        if over or not (site / "etas" / name).exists():
            (site / "etas" / name).write_text(text)


def run(statement: str, *path: Path) -> tuple[int, list[str]]:
    """Exit code of a statement, and its last words."""
    done = subprocess.run(
        [sys.executable, "-c", statement],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))},
        cwd=path[0].parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr.splitlines()


def run_command(*path: Path) -> tuple[int, list[str]]:
    """`recast --version`, as the script of pip runs it."""
    script = path[0].parent / "bin" / "recast"
    script.parent.mkdir(exist_ok=True)
    script.write_text("import sys\nfrom recast.cli import main\nsys.exit(main())\n")
    return run(
        f"import runpy, sys; sys.argv = [{str(script)!r}, '--version']; "
        f"runpy.run_path({str(script)!r}, run_name='__main__')",
        *path,
    )


def test_nothing_is_said_of_one_alone(site: Path) -> None:
    for statement in STATEMENTS:
        assert run(statement, site) == (0, [])
    assert run_command(site) == (0, [])


def test_theirs_is_found_first(site: Path) -> None:
    other = site.parent / "other"
    install_theirs(other)
    code, said = run("import recast", other, site)
    assert code == 1
    assert said[-1].startswith(f"ImportError: `import etas` finds {other / 'etas/__init__.py'} of ")
    assert "etas 3.2, not that of recast-forecast" in said[-1]
    assert "install each in an environment of its own" in said[-1]
    assert run_command(other, site) == (1, [said[-1].replace("ImportError", "recast")])


def test_ours_is_found_first(site: Path) -> None:
    other = site.parent / "other"
    install_theirs(other)
    for statement in STATEMENTS:
        code, (said,) = run(statement, site, other)
        assert code == 0
        assert f"hides {other / 'etas'} of etas 3.2: install each in an environment" in said
    code, (said,) = run_command(site, other)
    assert (code, "etas 3.2" in said) == (0, True)


def test_theirs_was_installed_last(site: Path) -> None:
    install_theirs(site)
    code, said = run("import recast", site)
    assert code == 1
    assert "etas/__init__.py of etas 3.2, not that of recast-forecast" in said[-1]
    assert run_command(site) == (1, [said[-1].replace("ImportError", "recast")])


def test_ours_was_installed_last(site: Path) -> None:
    install_theirs(site, over=False)
    for statement in STATEMENTS:
        code, (said,) = run(statement, site)
        assert code == 0
        assert "also holds inversion.py of etas 3.2: install each in an environment" in said


def test_theirs_has_overwritten_a_module_only(site: Path) -> None:
    install_theirs(site, over=False)
    (site / "etas" / "simulation.py").write_text(THEIRS["simulation.py"])
    for statement in STATEMENTS:
        code, said = run(statement, site)
        assert code == 1
        assert said[-1].startswith("ImportError: simulation.py of recast-forecast missing or ")
        assert "etas 3.2" in said[-1]
    assert run_command(site) == (1, [said[-1].replace("ImportError", "recast")])


@pytest.mark.parametrize("left", ["__init__.py", ""])
def test_theirs_was_uninstalled(site: Path, left: str) -> None:
    for name in THEIRS:
        if name != left:
            (site / "etas" / name).unlink(missing_ok=True)
    code, said = run("import recast", site)
    assert code == 1
    expected = "simulation.py of recast-forecast" if left else "etas/__init__.py of recast-forecast"
    assert said[-1].startswith(f"ImportError: {expected}")
    assert run_command(site) == (1, [said[-1].replace("ImportError", "recast")])


def test_a_file_of_ones_own_without_a_record_of_its_hash_is_no_fault(site: Path) -> None:
    (site / "etas" / "notes.py").write_text("")  # of nobody else's package
    rows = "".join(f"etas/{path.name},,\n" for path in (site / "etas").glob("*.py"))
    (site / "recast_forecast-9.9.dist-info" / "RECORD").write_text(rows)
    assert run("import recast", site) == (0, [])
