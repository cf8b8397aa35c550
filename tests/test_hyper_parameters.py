"""Checkpoints of strangers: whatever stands in them, nothing is imported and no memory is taken."""

import copy
import io
import pickle
import random
import resource
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from damage import places
from jsonargparse import ArgumentParser
from lightning.pytorch.callbacks import ModelCheckpoint
from test_released import released_content

from catalogs import InputError
from recast.cli import main
from recast.models.saved import load_model
from recast.pretrained import SHIPPED, read_net, read_released_etas, seen
from recast.pretrained.checkpoints import check_resumable, read_checkpoint, write_checkpoint
from recast.pretrained.hyper_parameters import MOST_UNITS, plain_settings
from recast.pretrained.loading import checkpoint_path
from recast.training.going_on import GoesOn
from recast.training.resuming import WholeCheckpoints
from recast.training.task import RecastTask

CODE = {"class_path": "harmful.Thing", "init_args": {}}
EVIL: tuple[Any, ...] = (
    CODE,
    [CODE],
    {"a": CODE},
    {"class_path": "harmful.Thing", "dict_kwargs": {"a": [CODE]}},
    "{class_path: harmful.Thing}",
    "harmful.Thing",
)


def content() -> dict[str, Any]:
    """That of the net of the package."""
    return torch.load(checkpoint_path(SHIPPED), weights_only=True)  # type: ignore[no-any-return]


@pytest.fixture
def harmful(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module that can be imported, and leaves a mark if it is; the test runs in a folder."""
    (tmp_path / "modules").mkdir()
    mark = tmp_path / "mark"
    code = f"import pathlib\npathlib.Path({str(mark)!r}).touch()\nclass Thing: pass\n"
    (tmp_path / "modules" / "harmful.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path / "modules"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    yield mark
    sys.modules.pop("harmful", None)


def replaced(record: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The record with another value at one place."""
    out = copy.deepcopy(record)
    inside = out
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    return out


def evil_places(settings: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Every hyper-parameter, all there is in the first two regions, and places of nothing yet."""
    first = list(settings["scalings"])[:2]
    known = [p for p in places(settings) if len(p) < 2 or p[1] in first]
    new = ["new", "class_path", "_class_path", "_instantiator", "dict_kwargs"]
    return [*known, *((name,) for name in new), ("trained_on", first[0], "new")]


def use(path: Path) -> list[str]:
    """Everything that reads a checkpoint; what was said of it."""
    said = []
    for reader in (
        plain_settings,
        seen,
        read_net,
        read_checkpoint,
        check_resumable,
        WholeCheckpoints().load_checkpoint,
        RecastTask.load_from_checkpoint,
        lambda p: load_model(p).alone(),
        read_released_etas,
    ):
        try:
            reader(path)
        except InputError as error:
            said.append(str(error))
    return said


def test_the_harm_is_real(harmful: Path) -> None:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--trained_on", type=dict[str, dict[str, Any]])
    parser.parse_object({"trained_on": {"a": {"start": CODE}}})
    assert harmful.exists()


def test_no_hyper_parameter_imports_anything(harmful: Path) -> None:
    settings = content()["hyper_parameters"]
    found = evil_places(settings)
    assert len(found) > 60
    known = set(sys.modules)
    for i, path in enumerate(found):
        changed = replaced(settings, path, EVIL[i % len(EVIL)])
        write_checkpoint(Path("evil.ckpt"), {**content(), "hyper_parameters": changed})
        assert all("\n" not in line for line in use(Path("evil.ckpt")))
    new = {name for name in set(sys.modules) - known if "harmful" in name}
    assert not new
    assert not harmful.exists()


@pytest.mark.parametrize(
    "path", [("trained_on",), ("trained_on", 0, "gaps"), ("scalings", 0, "mu")]
)
@pytest.mark.parametrize("value", EVIL[:3])
def test_no_command_imports_anything(
    harmful: Path, path: tuple[Any, ...], value: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = content()["hyper_parameters"]
    region = next(iter(settings["scalings"]))
    path = tuple(region if part == 0 else part for part in path)
    changed = replaced(settings, path, value)
    write_checkpoint(Path("evil.ckpt"), {**content(), "hyper_parameters": changed})
    assert main(["test", "--ckpt_path", "evil.ckpt"]) == 2
    assert "evil.ckpt cannot be read (ValidationError: " in capsys.readouterr().err
    assert not harmful.exists()


def test_no_setting_of_a_released_net_imports_anything(harmful: Path) -> None:
    known = released_content()
    for name in [*known["hyper_parameters"], "new"]:
        for value in EVIL:
            changed = {**known["hyper_parameters"], name: value}
            write_checkpoint(Path("evil.ckpt"), {**known, "hyper_parameters": changed})
            said = use(Path("evil.ckpt"))
            assert name == "new" or len(said) > 4
    assert not harmful.exists()


def test_of_a_mixture_each_file_is_checked(harmful: Path) -> None:
    good = released_content()
    write_checkpoint(Path("good.ckpt"), good)
    write_checkpoint(Path("evil.ckpt"), {**content(), "hyper_parameters": {"scalings": CODE}})
    for files in (["good.ckpt", "evil.ckpt"], ["evil.ckpt", "good.ckpt"]):
        with pytest.raises(InputError, match="evil.ckpt cannot be read"):
            load_model(*files).alone()
    assert not harmful.exists()


def test_a_sound_checkpoint_is_read_as_it_is() -> None:
    settings = content()["hyper_parameters"]
    plain = plain_settings(checkpoint_path(SHIPPED))
    assert plain == {name: settings[name] for name in plain}
    assert settings.keys() - plain.keys() == {"scalings", "trained_on", "_instantiator"}


SIZES = [8000, MOST_UNITS, 10**6, 2**63, -1, 0, 1.5, True, "32", None]


@pytest.mark.parametrize("name", ["hidden_size", "width"])
@pytest.mark.parametrize("size", SIZES)
def test_sizes_are_compared_with_the_weights_before_memory_is_taken(
    tmp_path: Path, name: str, size: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = content()
    known["hyper_parameters"][name] = size
    write_checkpoint(tmp_path / "evil.ckpt", known)
    monkeypatch.setattr("torch.Tensor.uniform_", _only_where_nothing_is_stored)
    with pytest.raises(
        InputError, match=r"evil.ckpt cannot be read \((ValueError: .* has shape|V)"
    ):
        seen(tmp_path / "evil.ckpt")


def _only_where_nothing_is_stored(tensor: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
    assert tensor.is_meta
    return tensor


@pytest.mark.parametrize("name", ["context_size", "num_components"])
@pytest.mark.parametrize("size", SIZES)
def test_so_are_those_of_released_nets(tmp_path: Path, name: str, size: Any) -> None:
    known = released_content()
    known["hyper_parameters"][name] = size
    write_checkpoint(tmp_path / "evil.ckpt", known)
    with pytest.raises(InputError, match=r"evil.ckpt cannot be read"):
        read_net(tmp_path / "evil.ckpt")


BAD_NUMBERS = [
    ("mean_inter_time", 0.0),
    ("mean_inter_time", float("nan")),
    ("mean_magnitude", 1e300),
    ("lowest_magnitude", 1e300),
    ("completeness", float("inf")),
    ("b", 1e-320),
    ("mu", 1e300),
    ("c", 1e-320),
    ("p", 1e300),
    ("day", (0.5,)),
    ("day", (2.0, 0.0)),
    ("day", tuple([0.0] * 1000)),
]


@pytest.mark.parametrize(("name", "value"), BAD_NUMBERS)
def test_numbers_of_a_region_are_those_of_a_catalog(tmp_path: Path, name: str, value: Any) -> None:
    known = content()
    next(iter(known["hyper_parameters"]["scalings"].values()))[name] = value
    write_checkpoint(tmp_path / "evil.ckpt", known)
    said = name.rpartition("_")[2]
    with pytest.raises(InputError, match=rf"evil.ckpt cannot be read .*{said}"):
        seen(tmp_path / "evil.ckpt")


class Bytes:
    """A pickle of a kilobyte that asks for ten gigabytes."""

    def __reduce__(self) -> tuple[Any, ...]:
        return bytearray, (10**10,)


def _archive(parts: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return stream.getvalue()


def _saved(**extra: Any) -> bytes:
    stream = io.BytesIO()
    torch.save({"state_dict": {}, **extra}, stream)
    return stream.getvalue()


def _layers(n: int) -> list[Any]:
    made: list[Any] = ["x"]
    for _ in range(n):
        made = [made] * 10
    return made


def _loop() -> list[Any]:
    made: list[Any] = []
    made.append(made)
    return made


BOMBS = {
    "compressed": (
        lambda: _archive({"archive/data.pkl": bytes(10**7)}, zipfile.ZIP_DEFLATED),
        "its parts are compressed",
    ),
    "global": (lambda: _saved(a=Bytes()), "it refers to __builtin__ bytearray"),
    "other global": (
        lambda: _saved(a=torch.zeros(2, device="meta")),
        "it refers to torch._utils _rebuild_meta_tensor_no_storage",
    ),
    "stride": (lambda: _saved(a=torch.zeros(1).expand(10**6, 10**6)), "is not stored in full"),
    "layers": (lambda: _saved(a=_layers(12)), "written out, it has more than"),
    "loop": (lambda: _saved(a=_loop()), "it refers to itself"),
    "pickle": (
        lambda: _archive({"archive/data.pkl": pickle.dumps("x" * (2 << 23), protocol=2)}),
        "data.pkl has more than",
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_no_more_memory_is_taken_than_the_file_is_large(tmp_path: Path, name: str) -> None:
    make, message = BOMBS[name]
    path = tmp_path / "bomb.ckpt"
    path.write_bytes(make())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match=rf"bomb.ckpt cannot be read \(ValueError: .*{message}"):
        read_checkpoint(path)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before  # kilobytes
    assert grown < 200_000


@pytest.mark.parametrize("path", ["/home/me/..", "/", "/home/me/thesis.tex", "..", "a/.ckpt"])
def test_a_resumed_training_removes_checkpoints_only(tmp_path: Path, path: str) -> None:
    """Lightning removes the file that was best until now, wherever a checkpoint says that it is."""
    callback = ModelCheckpoint(dirpath=tmp_path)
    state = {"best_k_models": {path: 1.0}, "best_model_path": path, "last_model_path": ""}
    trainer = SimpleNamespace(checkpoint_callbacks=[callback], ckpt_path=str(tmp_path / "a.ckpt"))
    resumed = {"callbacks": {callback.state_key: {**state, "kth_best_model_path": path}}}
    with pytest.raises(InputError, match="is no checkpoint: start from the weights"):
        GoesOn().on_load_checkpoint(trainer, None, resumed)  # type: ignore[arg-type]


def test_a_training_of_an_old_lightning_is_not_resumed(tmp_path: Path) -> None:
    """It would be brought up to date by code that trusts its paths."""
    state = {key: {} for key in ("loops", "callbacks", "optimizer_states", "lr_schedulers")}
    old = {**content(), **state, "pytorch-lightning_version": "1.4.0"}
    write_checkpoint(tmp_path / "old.ckpt", old)
    with pytest.raises(InputError, match="old.ckpt is of Lightning '1.4.0', not of 2: start"):
        check_resumable(tmp_path / "old.ckpt")


VALUES: tuple[Any, ...] = (
    *EVIL, None, True, -1, 0, 1, 32, 8000, 10**30, -0.5, 0.5, 1e-320, 1e-9, 1e9, 1e300, -1e300,
    float("nan"), float("inf"), "", "hazard", "weibull", "shipped", "/etc/passwd", "../..",
    "x" * 9999, "\x00", "\u202e", "2019-13-45", "1990-01-01", [], {}, (), [[]], [1.0, 2.0],
    (0.1, 0.2), [None], ["1990-01-01", "2000-01-01"], [["2000-01-01", "1990-01-01"]],
    [1e300, -1e300, 0, 0], {"a": 1}, {1: 2}, [35.0, 36.0, -118.0, -117.0], torch.zeros(3),
    torch.zeros(0, 5), _layers(3),
)  # fmt: skip


def fuzzed(settings: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Hyper-parameters with one to three values changed, left out, moved or added."""
    out = copy.deepcopy(settings)
    for _ in range(rng.randint(1, 3)):
        found = list(places(out))
        path = rng.choice([p for p in found if len(p) == 1] if rng.random() < 0.4 else found)
        inside: Any = out
        for key in path[:-1]:
            inside = inside[key]
        how = rng.random()
        if how < 0.1 and isinstance(inside, dict):
            del inside[path[-1]]
        elif how < 0.2 and isinstance(inside, dict):
            inside[rng.choice(["new", "class_path", "", "../x", 3])] = rng.choice(VALUES)
        elif how < 0.3 and isinstance(inside, dict):
            inside[rng.choice(list(inside))] = copy.deepcopy(inside[path[-1]])
        elif isinstance(inside, dict | list):
            inside[path[-1]] = copy.deepcopy(rng.choice(VALUES))
    return out


def read_as_any_command_does(path: Path) -> str:
    """What was said of the file; nothing where it is sound."""
    try:
        plain_settings(path)
        net = read_net(path) if len(seen(path)) == 1 else None
        if net is not None:
            assert all(bool(torch.isfinite(v).all()) for v in net.state_dict().values())
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("n", [300, pytest.param(10_000, marks=pytest.mark.slow)])
def test_any_values_are_refused_in_one_line_or_harmless(harmful: Path, n: int) -> None:
    known = [content(), released_content()]
    only = copy.deepcopy(known[0])  # one region, as of a net that a user trains
    for name in ("scalings", "trained_on"):
        record = only["hyper_parameters"][name]
        only["hyper_parameters"][name] = dict(list(record.items())[:1])
    only["state_dict"]["net.codes"] = only["state_dict"]["net.codes"][:1].clone()
    known.append(only)
    modules = {name for name in sys.modules if "harmful" in name}
    path, said = Path("fuzzed.ckpt"), []
    for i in range(n):
        rng = random.Random(i)
        one = known[i % 3]
        write_checkpoint(path, {**one, "hyper_parameters": fuzzed(one["hyper_parameters"], rng)})
        said.append(read_as_any_command_does(path))
        assert "\n" not in said[-1], (i, said[-1])
        assert not said[-1] or "fuzzed.ckpt" in said[-1] or "shipped" in said[-1], (i, said[-1])
        assert len(said[-1]) < 1000, (i, said[-1])
    assert {name for name in sys.modules if "harmful" in name} == modules
    assert not harmful.exists()
    assert [p.name for p in Path().iterdir()] == ["fuzzed.ckpt"]
    assert 0.05 < said.count("") / n < 0.95  # neither all refused nor all sound
