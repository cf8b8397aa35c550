"""What must not end half-way: the start of a process, which would complain of its end on stderr."""

import threading

STARTING = threading.RLock()
"""Held by the thread that starts a process."""

PATIENCE = 3.0
"""Seconds, in which all processes have started."""
