"""Command lines and YAML files as nobody should write them, at random but the same on every run."""

import argparse
import contextlib
import io
import json
import shutil
import signal
import string
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml
from lightning.pytorch.cli import LightningCLI

from catalogs import GutenbergRichter
from catalogs.errors import FetchError
from etas.model import ETAS
from recast import cli
from recast.commands.settings_help import LINKED, OWN, settings_of
from recast.net.clock import DayClock
from recast.pretrained import SHIPPED
from recast.pretrained.loading import checkpoint_path

TEXT = """
0 1 -1 2 3.5 -0.5 1e-300 1e308 1e999 -inf inf nan 999999999999999999999 0x10 1_000 ١٢ ½ 1,2
2019-07-06 2019-13-45 9999-12-31 0000-00-00 2019-07-06T03:19:53+99:00 1677-01-01 today True None
null [] {} [1, {a: ~ !!python/object:os.system * & % @x=y p=1.1 mu=nan k= =1 a=b=c 1/2/3 35,-117
32/37/-122/-114 90/-90/0/0 nan/nan/nan/nan ../.. . / ~ - -- @ ridgecrest_2019 synthetic_socal
atlantis ridgecrest_2019@35/36/-118/-117 ridgecrest_2019@ etas poisson recast recast-paper oracle
shipped scedc comcat cpu cuda tpu:9 gpu etas.json poisson.json net.ckpt empty random missing.json
folder folder.json bad.yaml ok.yaml list.yaml events.csv file.txt/below out/deeper zmap csep quakeml
tcp://127.0.0.1:1 table hauksson time=t magnitude=mag earthquakes all paper train test auto
"""
WORDS = TEXT.split()
ODD = ("", " ", "\t", "é", "地震", "\u202e", "a\nb", "'", '"', "x" * 3000, "%s%n", "$(id)", "\\")

KEYS = (
    "catalog",
    "models",
    "rolling",
    "windows",
    "samples",
    "seeds",
    "quick",
    "trimmed",
    "pretrained",
)


@dataclass(frozen=True)
class Command:
    """A subcommand, with its options by what they take."""

    words: tuple[str, ...]
    options: tuple[argparse.Action, ...]


def commands() -> list[Command]:
    """All but those of LightningCLI, as argparse has them."""

    def walk(parser: argparse.ArgumentParser, words: tuple[str, ...]) -> Iterator[Command]:
        below = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
        if not below and words[0] not in cli.LIGHTNING:
            yield Command(words, tuple(a for a in parser._actions if a.dest != "help"))
        for action in below:
            for name, part in action.choices.items():
                yield from walk(part, (*words, name))

    return list(walk(cli._parser(), ()))


def word(rng: np.random.Generator) -> str:
    """Anything."""
    if rng.random() < 0.12:
        return ODD[rng.integers(len(ODD))]
    if rng.random() < 0.05:
        return "".join(rng.choice(list(string.printable[:95]), rng.integers(1, 12)))
    return WORDS[rng.integers(len(WORDS))]


LIKELY = {
    "catalog": ["ridgecrest_2019"],
    "name": ["ridgecrest_2019", "mine"],
    "model": ["etas.json", "net.ckpt", "poisson.json"],
    "days": ["1", "0.5"],
    "file": ["events.csv"],
    "out": ["out"],
    "folder": ["run"],
    "samples": ["50"],
    "n": ["5"],
}
"""Values by which a command gets further than its parser."""


def value(action: argparse.Action, rng: np.random.Generator) -> str:
    """For one option; more often than not of the kind that it takes."""
    if action.dest in LIKELY and rng.random() < 0.75:
        return str(rng.choice(LIKELY[action.dest]))
    if action.choices and rng.random() < 0.7:
        return str(rng.choice(list(map(str, action.choices))))
    if action.type in {int, float} and rng.random() < 0.5:
        return str(rng.choice(["0", "1", "2", "-3", "7", "0.25", "1e9", "nan", "1000000000000"]))
    return word(rng)


def arguments(command: Command, rng: np.random.Generator) -> list[str]:
    """A command line; what must be given mostly is."""
    line = list(command.words)
    for action in command.options:
        if rng.random() > (0.9 if action.required or not action.option_strings else 0.15):
            continue
        n = 1
        if action.nargs == 0:
            n = 0
        elif isinstance(action.nargs, int):
            n = action.nargs + int(rng.random() < 0.1)
        elif action.nargs in {"+", "*", "?"}:
            n = int(rng.integers(1, 4))
        line += [*action.option_strings[-1:], *(value(action, rng) for _ in range(n))]
    if rng.random() < 0.05:
        line.insert(int(rng.integers(len(line) + 1)), word(rng))
    return line


PLAIN: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    10**12,
    1e308,
    float("nan"),
    float("inf"),
    b"\x00\xff",
)


def tree(rng: np.random.Generator, keys: Sequence[str], depth: int = 0) -> Any:
    """What YAML can hold."""
    kind = rng.integers(9)
    if depth < 3 and kind < 2:
        return {str(rng.choice(keys)): tree(rng, keys, depth + 1) for _ in range(rng.integers(4))}
    if depth < 3 and kind == 2:
        return [tree(rng, keys, depth + 1) for _ in range(rng.integers(4))]
    return PLAIN[rng.integers(len(PLAIN))] if kind < 6 else word(rng)


def document(rng: np.random.Generator, keys: Sequence[str]) -> bytes:
    """A file that should be YAML."""
    if rng.random() < 0.1:
        return rng.bytes(40)
    content = {str(rng.choice(keys)): tree(rng, keys) for _ in range(rng.integers(1, 4))}
    text = yaml.safe_dump(content, allow_unicode=True).encode()
    if rng.random() < 0.2:
        at = int(rng.integers(len(text)))
        text = text[:at] + rng.bytes(2) + text[at:]
    return text


def lightning_settings() -> list[str]:
    """Names of settings of data, model and trainer."""
    source = Path(cli.__file__).parent
    own = [
        f"{prefix}.{setting.name}"
        for prefix, module, name in OWN
        for setting in settings_of((source / module).read_text(encoding="utf-8"), name)
    ]
    linked = [f"model.{name}" for name in sorted(LINKED)]
    trainer = "max_epochs min_epochs max_steps max_time limit_train_batches val_check_interval "
    trainer += "gradient_clip_val accumulate_grad_batches overfit_batches log_every_n_steps "
    trainer += "check_val_every_n_epoch callbacks logger precision deterministic profiler plugins"
    others = ["early_stopping.patience", "checkpoint.dirpath", "checkpoint.monitor", "optimizer"]
    others += ["ckpt_path", "seed_everything", "data", "model", "trainer", "nonsense", "verbose"]
    return own + linked + [f"trainer.{name}" for name in trainer.split()] + others


def lightning_arguments(rng: np.random.Generator, settings: Sequence[str]) -> list[str]:
    """Of `recast fit`, `validate`, `test` or `predict`."""
    line = [str(rng.choice(list(cli.LIGHTNING)))]
    for _ in range(rng.integers(1, 4)):
        name = str(rng.choice(settings))
        likely = [word(rng), str(rng.choice(["1", "0.5", "0", "-1", "null", "true", "[1, 2]"]))]
        line += [f"--{name}={rng.choice(likely)}"] if rng.random() < 0.9 else [f"--{name}"]
    return line


def begin(*_: object, **__: object) -> None:
    """The command has understood its input and begins to work."""
    raise SystemExit(0)


def known_fit(_: object, law: GutenbergRichter, **__: object) -> SimpleNamespace:
    """In place of a fit."""
    return SimpleNamespace(model=ETAS(0.5, 0.02, 0.6, 0.01, 1.1, law))


def unreachable(url: str, *_: object, **__: object) -> None:
    raise FetchError(f"{url} cannot be reached")


def once(prepare: Callable[..., Any]) -> Callable[..., Any]:
    """The parser of a subcommand is made once: that takes longer than whatever is parsed by it."""
    made: dict[str, tuple[Any, dict[str, list[str]]]] = {}

    def prepared(self: Any, trainer: type, command: str, **settings: Any) -> Any:
        if command not in made:
            parser = prepare(self, trainer, command, **settings)
            made[command] = parser, self._subcommand_method_arguments
        parser, self._subcommand_method_arguments = made[command]
        return parser

    return prepared


def stop_before_work(patch: pytest.MonkeyPatch) -> None:
    """Nothing is fitted, simulated, trained or fetched: only what comes before is of interest."""
    patch.setattr("etas.fit.ThreadPoolExecutor", begin)
    for module in ("catalogs.cores", "etas.profile", "recast.forecast.blocks"):
        patch.setattr(f"{module}.in_order", begin)
    patch.setattr("recast.forecast.engine.Session._started", begin)
    patch.setattr("recast.benchmark.comparison._fit", begin)
    patch.setattr("recast.benchmark.comparison.process_pool", lambda _: contextlib.nullcontext())
    patch.setattr("recast.report.page.write_report", begin)
    patch.setattr("recast.training.region.fit_etas", known_fit)
    patch.setattr("recast.training.region.fit_clock", lambda *_: DayClock())
    patch.setattr("recast.training.lightning_cli.RecastCLI._run_subcommand", begin)
    prepare = LightningCLI._prepare_subcommand_parser
    patch.setattr(
        "recast.training.lightning_cli.RecastCLI._prepare_subcommand_parser", once(prepare)
    )
    patch.setattr("catalogs.providers.web.get", unreachable)
    patch.setattr("catalogs.providers.web.opened", unreachable)


class TakesTooLong(BaseException):
    """A command that should only have looked at its input works on."""


def too_long(*_: object) -> None:
    raise TakesTooLong


def outcome(line: Sequence[str]) -> tuple[int, str]:
    """Exit code, and what was written to stderr; 124, as of `timeout`, after too much work."""
    signal.signal(signal.SIGPROF, too_long)
    signal.setitimer(signal.ITIMER_PROF, 60.0)  # of processor time: a busy machine is no fault
    try:
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()) as err,
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            code = cli.main(line)
            return code, err.getvalue()
    except TakesTooLong:
        return 124, "takes too long"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)


MODEL = {"mu": 0.5, "k": 0.02, "alpha": 0.6, "c": 0.01, "p": 1.1}
LAW = {"completeness": 2.5, "b": 1.0, "maximum": 7.5}


def write_files() -> None:
    """What the words name, in the current folder, and nothing else."""
    for path in Path().iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    Path("etas.json").write_text(json.dumps({**MODEL, "magnitude_law": LAW}))
    Path("poisson.json").write_text('{"model": "poisson", "rate": 3.0}')
    Path("events.csv").write_text("time,mag\n2020-01-01,3\n2020-01-02,4\n")
    Path("list.yaml").write_text("[1, 2]")
    Path("ok.yaml").write_text("catalog: [ridgecrest_2019]\n")
    Path("bad.yaml").write_bytes(b"a: [\x00\xff")
    Path("empty").touch()
    Path("file.txt").touch()
    Path("random").write_bytes(bytes(range(256)))
    for folder in ("folder", "folder.json", "run"):
        Path(folder).mkdir()
    Path("net.ckpt").write_bytes(checkpoint_path(SHIPPED).read_bytes())


def lines(n: int, n_lightning: int) -> Iterator[list[str]]:
    """So many command lines with options, and with settings of LightningCLI."""
    every, made = lightning_settings(), commands()
    keys = [name for setting in every for name in setting.split(".")] + every
    config = Path("fuzz.yaml")
    for i in range(n + n_lightning):
        if i % 50 == 0:
            write_files()
        rng = np.random.default_rng([i, n])
        if i < n_lightning and rng.random() < 0.5:
            yield lightning_arguments(rng, every)
        elif i < n_lightning:
            config.write_bytes(document(rng, keys))
            yield [str(rng.choice(["fit", "test"])), "--config", str(config)]
        elif rng.random() < 0.1:
            config.write_bytes(document(rng, KEYS))
            yield ["benchmark", "--config", str(config)]
        else:
            yield arguments(made[rng.integers(len(made))], rng)
