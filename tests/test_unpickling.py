"""A checkpoint from elsewhere runs no code, whatever reads it."""

import ast
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

import catalogs
import etas
import recast
from recast.cli import main
from recast.pretrained import SHIPPED
from recast.pretrained.loading import checkpoint_path

RIDGECREST = "ridgecrest_2019"

COMMANDS = [
    ["fit", "--ckpt_path"],
    ["validate", "--ckpt_path"],
    ["test", "--ckpt_path"],
    ["predict", "--ckpt_path"],
    ["fit", "--model.pretrained"],
    ["simulate", "--catalog", RIDGECREST, "--days", "1", "--model"],
    ["forecast", "--catalog", RIDGECREST, "--days", "1", "--model"],
    ["residuals", "--catalog", RIDGECREST, "--model"],
    ["benchmark", "--models", "recast-few-shot", "--catalog", RIDGECREST, "--pretrained"],
    ["benchmark", "--models", "recast-zero-shot", "--catalog", RIDGECREST, "--pretrained"],
]


class Harm:
    """What pickle makes a file of when this is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


def bare(path: Path, mark: Path) -> None:
    """A plain pickle."""
    path.write_bytes(pickle.dumps({"state_dict": Harm(mark)}))


def archived(path: Path, mark: Path) -> None:
    """A checkpoint that has all that belongs there, and harm."""
    content = torch.load(checkpoint_path(SHIPPED), weights_only=True)
    torch.save({**content, "callbacks": Harm(mark)}, path)
    assert zipfile.is_zipfile(path)


@pytest.mark.parametrize("make", [bare, archived])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_malicious_checkpoint_is_refused_and_not_run(
    command: list[str],
    make: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    make(Path("evil.ckpt"), tmp_path / "harm")
    assert main([*command, "evil.ckpt"]) == 2
    assert "evil.ckpt cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "harm").exists()


def test_the_harm_is_real(tmp_path: Path) -> None:
    archived(tmp_path / "evil.ckpt", tmp_path / "harm")
    torch.load(tmp_path / "evil.ckpt", weights_only=False)
    assert (tmp_path / "harm").exists()


def test_lightning_offers_no_way_around(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    archived(Path("evil.ckpt"), tmp_path / "harm")
    assert main(["test", "--ckpt_path", "evil.ckpt", "--weights_only", "false"]) == 2
    assert "weights_only" in capsys.readouterr().err
    assert not (tmp_path / "harm").exists()


UNSAFE = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


def test_no_code_unpickles_anything_else() -> None:
    """torch.load with weights_only=True, numpy.load with allow_pickle=False, yaml.safe_load."""
    wanted = {"torch.load": ("weights_only", True), "np.load": ("allow_pickle", False)}
    found = 0
    for package in (catalogs, etas, recast):
        for path in Path(package.__path__[0]).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    names = {alias.name.split(".")[0] for alias in node.names}
                    names |= {str(getattr(node, "module", "")).split(".")[0]}
                    assert not names & UNSAFE, path
                if not isinstance(node, ast.Call):
                    continue
                name = ast.unparse(node.func)
                assert name not in {"yaml.load", "eval", "exec", "pd.read_pickle"}, path
                if name in wanted:
                    keyword, value = wanted[name]
                    given = [k.value for k in node.keywords if k.arg == keyword]
                    assert [ast.literal_eval(constant) for constant in given] == [value], path
                    found += 1
    assert found >= 4
