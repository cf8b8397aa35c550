"""How a command ends that is interrupted: at once, in one line, whatever it was doing.

An exception raised by a signal can be lost in a library, or come out as another one; a command that
is interrupted has nothing to wait for, as its files are written whole and its workers end with it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from types import FrameType

from catalogs.files import drop_unfinished
from catalogs.starting import PATIENCE, STARTING

INTERRUPTED = 128 + 2
"""Exit code of a command that SIGINT ended, by the convention of shells."""

WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
"""What is said of the signals that end a command; its exit code is 128 more than their number."""


def left_to_command() -> None:
    """Let the command that runs hear of Ctrl-C itself, as an exception or by its own handler."""
    if threading.current_thread() is threading.main_thread():
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGINT, signal.default_int_handler)


class Ending:
    """Ends this process on a signal.

    Parameters
    ----------
    remedy : str
        How to go on, if there is a way.
    """

    def __init__(self, remedy: str = "") -> None:
        self.remedy = remedy
        self._only_one = threading.Lock()

    def line(self, number: int) -> str:
        """What is said on stderr."""
        word = WORDS[signal.Signals(number)]
        return f"recast: {word}; {self.remedy}" if self.remedy else f"recast: {word}"

    def on_signals(self) -> None:
        """Install it.

        Python calls handlers between two of its own instructions only, which may be minutes apart
        in compiled code; a thread hears of signals at once. See ``left_to_command``.
        """
        for number in WORDS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
                signal.signal(number, self._handle)
        heard, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        threading.Thread(target=self._listen, args=(heard,), daemon=True).start()

    def _listen(self, heard: int) -> None:
        while number := os.read(heard, 1):
            if number[0] in WORDS:
                self._end(number[0])

    def _handle(self, number: int, _: FrameType | None) -> None:
        # Not in this thread, which may be in the middle of starting a process
        threading.Thread(target=self._end, args=(number,), daemon=True).start()

    def _end(self, number: int) -> None:
        if not self._only_one.acquire(blocking=False):
            time.sleep(60.0)  # until the other thread is done
        # Threads that speak with workers, which have ended too, have nothing to say of that
        sys.excepthook = _nothing_said
        threading.excepthook = _nothing_said
        STARTING.acquire(timeout=PATIENCE)
        below = "\n" if sys.stderr.isatty() else ""  # of ^C, or of a progress bar
        os.write(sys.stderr.fileno(), f"{below}{self.line(number)}\n".encode())
        drop_unfinished()
        os._exit(128 + number)


def _nothing_said(*_: object) -> None:
    """Instead of a traceback."""
