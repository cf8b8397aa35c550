"""Options of a command from a YAML file."""

from pathlib import Path

import pytest

from catalogs import InputError
from catalogs.files import read_yaml
from recast.cli import main


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("- scedc\n", r"holds no options: write them as `catalog: \[scedc\]`"),
        ("", "holds no options"),
        ("catalog: [scedc\n", "cannot be read as YAML"),
        (b"\xff\xfe\x00", "cannot be read as YAML"),
    ],
)
def test_what_is_no_file_of_options_is_refused(
    content: str | bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "options.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(InputError, match=message) as caught:
        read_yaml(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["benchmark", "--config", str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml cannot be read as YAML" in capsys.readouterr().err


def test_flags_are_true_or_left_out(tmp_path: Path) -> None:
    path, out = tmp_path / "options.yaml", tmp_path / "run"
    path.write_text(
        "catalog: ridgecrest_2019\nmodels: [poisson]\nquick: false\nresume: true\nworkers: null\n"
        f"out: {out}\n"
    )
    assert main(["benchmark", "--config", str(path)]) == 0
    assert (out / "benchmark.json").is_file()


def test_names_may_have_underscores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "options.yaml"
    path.write_text("catalog: ridgecrest_2019\nsteps_per_epoch: 0\n")
    assert main(["pretrain", "--config", str(path)]) == 2
    assert "--steps-per-epoch 0" in capsys.readouterr().err
