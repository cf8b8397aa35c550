"""Workers end with the process that started them; commands end in one line; folders are locked."""

import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from interrupting import living, wait_until

from catalogs import InputError
from catalogs.files import leftovers
from catalogs.locking import locked
from catalogs.processes import process_pool
from recast.cli import main

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")

SECONDS = 10.0

CODES = {signal.SIGTERM: 143, signal.SIGKILL: -9, signal.SIGINT: 130}
LINES = {
    signal.SIGTERM: "recast: terminated; go on\n",
    signal.SIGINT: "recast: interrupted; go on\n",
    signal.SIGKILL: "",
}

HEAD = """
import signal, sys, time
from pathlib import Path
from catalogs.files import whole_file
from catalogs.processes import process_pool
from recast.cli import main
from recast.commands.ending import Ending

# Where pytest is in the background it ignores Ctrl-C, and so would this
signal.signal(signal.SIGINT, signal.default_int_handler)

def work(path):
    with whole_file(Path(path)) as stream:
        stream.write(b"half")
        stream.flush()
        Path(path + ".begun").touch()
        time.sleep(600.0)
"""

POOL = """
if __name__ == "__main__":
    Ending("go on").on_signals()
    with process_pool(2) as pool:
        for done in [pool.submit(work, path) for path in sys.argv[1:]]:
            done.result()
"""

DASK = """
def draw(paths, chunk):
    work(paths[chunk])

if __name__ == "__main__":
    from recast.forecast.engine import Engine
    Ending("go on").on_signals()
    with Engine(workers=2).session() as session:
        session.run(draw, sys.argv[1:], [0, 1], lambda *_: None)
"""

COMPILED = """
import numba

@numba.njit(nogil=True)
def endless(x):
    while x > 0.0:
        x = x + 1.0
    return x

if __name__ == "__main__":
    endless(0.0)
    Ending("go on").on_signals()
    for path in sys.argv[1:]:
        Path(path + ".begun").touch()
    endless(1.0)
"""


SERVICE = """
from recast.commands.ending import left_to_command
from recast.live.loop import until_signal

if __name__ == "__main__":
    Ending("go on").on_signals()
    left_to_command()
    with until_signal() as stop:
        for path in sys.argv[1:]:
            Path(path + ".begun").touch()
        stop.wait()
        time.sleep(0.2)  # in which nothing else may end it
"""

IGNORING = """
signal.signal(signal.SIGINT, signal.SIG_IGN)
Ending("go on").on_signals()
for path in sys.argv[1:]:
    Path(path + ".begun").touch()
time.sleep(600.0)
"""


STARTING = """
import os
from multiprocessing import util

from catalogs.processes import undisturbed

spawn = util.spawnv_passfds

def and_terminated(*args):
    child = spawn(*args)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.5)  # in which the child waits for what it is to do
    return child

if __name__ == "__main__":
    with undisturbed():  # starts Python's own process first
        pass
    util.spawnv_passfds = and_terminated
    Ending("go on").on_signals()
    with process_pool(2) as pool:
        pool.submit(work, sys.argv[1]).result()
"""


@contextmanager
def running(folder: Path, script: str) -> Iterator["subprocess.Popen[str]"]:
    """A script at work on two files, in a session of its own."""
    path = folder / "script.py"
    path.write_text(HEAD + script)
    files = [folder / "a", folder / "b"]
    process = subprocess.Popen(
        [sys.executable, path, *files],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        begun = [file.with_suffix(".begun") for file in files]
        assert wait_until(lambda: all(file.exists() for file in begun), 60.0)
        yield process
    finally:
        for pid in living(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize(
    ("script", "how"),
    [
        pytest.param(script, how, id=f"{name}-{how.name}")
        for name, script, several in (
            ("pool", POOL, CODES),
            ("dask", DASK, (signal.SIGINT, signal.SIGKILL)),
            ("compiled", COMPILED, (signal.SIGTERM,)),
        )
        for how in several
    ],
)
def test_whatever_ends_a_process_ends_its_workers(
    tmp_path: Path, script: str, how: signal.Signals
) -> None:
    if script == DASK:
        pytest.importorskip("distributed", reason="needs dask: pip install '.[cluster]'")
    with running(tmp_path, script) as process:
        # A terminal sends Ctrl-C to all processes of a command
        (os.killpg if how == signal.SIGINT else os.kill)(process.pid, how)
        assert process.wait(SECONDS) == CODES[how]
        assert wait_until(lambda: not living(process.pid), SECONDS)
        assert process.stderr is not None
        assert process.stderr.read() == LINES[how]  # no traceback, no word of leaked semaphores
    if script == POOL:
        assert list(leftovers(tmp_path)) == []
        assert not (tmp_path / "a").exists()


def test_a_process_that_is_ended_while_it_starts_a_worker_says_one_line(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(HEAD + STARTING)
    done = subprocess.run(
        [sys.executable, path, tmp_path / "a"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60.0,
    )
    assert done.returncode == CODES[signal.SIGTERM]
    assert done.stderr == LINES[signal.SIGTERM]  # not what the worker says of data that end


def test_ctrl_c_that_is_ignored_stays_ignored(tmp_path: Path) -> None:
    with running(tmp_path, IGNORING) as process:
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 143


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
def test_a_service_ends_by_itself(tmp_path: Path, how: signal.Signals) -> None:
    with running(tmp_path, SERVICE) as process:
        process.send_signal(how)
        assert process.wait(SECONDS) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_failure_does_not_wait_for_the_workers() -> None:
    def fail() -> None:
        with process_pool(2) as pool:
            assert pool is not None
            pool.submit(time.sleep, 600.0)
            raise InputError("no")

    begin = time.monotonic()
    with pytest.raises(InputError, match="no"):
        fail()
    assert time.monotonic() - begin < SECONDS


HOLD = """
import sys, time
from pathlib import Path
from catalogs.locking import locked

with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(600.0)
"""


def test_a_second_process_hears_who_has_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    command = [sys.executable, "-c", HOLD, folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        who = rf"another process \({process.pid} on {platform.node()}\) is at work there: wait"
        with pytest.raises(InputError, match=who), locked(folder, seconds=0.1):
            pytest.fail("two processes are in the folder")
        with locked(folder / "inner"):
            pass
        process.kill()
    with locked(folder):  # which ended with the process
        assert (folder / ".lock-holder").read_text() == f"{os.getpid()} on {platform.node()}"
    assert [path.name for path in folder.iterdir()] == [".lock", "inner"]


PART = "ridgecrest_2019@35.6/36/-117.7/-117.4"
SMALL = ["--catalog", "ridgecrest_2019", "--models", "poisson"]


@pytest.mark.parametrize(
    "command",
    [
        ["benchmark", *SMALL, "--out", "run"],
        ["forecast", "--catalog", "ridgecrest_2019", "--samples", "20", "--out", "run"],
        ["pretrain", "--catalog", "ridgecrest_2019", PART, "--out", "run"],
    ],
    ids=lambda command: command[0],
)
def test_a_second_run_in_a_folder_is_refused_in_one_line(
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with locked(Path("run")):
        before = sorted(Path("run").iterdir())
        assert main(command) == 2
        assert sorted(Path("run").iterdir()) == before
    who = f"another process ({os.getpid()} on {platform.node()}) is at work there"
    line = f"recast: run: {who}: wait for it, or choose another --out\n"
    assert capsys.readouterr().err.endswith(line)


def test_training_in_a_folder_of_another_training_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["fit", "--data.catalog=ridgecrest_2019", "--checkpoint.dirpath=kept"]
    with locked(Path("kept")):
        assert main(command) == 2
    assert "is at work there" in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.ckpt"))
