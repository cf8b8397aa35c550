"""Where chunks are computed: in this process, in others here, or on a dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from catalogs import InputError

Payload = TypeVar("Payload")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Engine:
    """Compute in this process (``workers`` 1), in that many, or on the cluster at ``scheduler``."""

    workers: int = 1
    scheduler: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether everything is computed in this process."""
        return self.scheduler is None and self.workers <= 1

    def check(self) -> None:
        """Raise an InputError if there is no worker, or dask is needed and not installed."""
        if self.workers < 1:
            raise InputError(f"workers = {self.workers}: at least one is needed")
        if not self.is_local:
            _distributed()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Keep workers for several runs."""
        with ExitStack() as stack:
            yield Session(self, stack)


@dataclass
class Session:
    """Runs chunks; dask is started for the first one, and stopped with ``stack``."""

    engine: Engine
    stack: ExitStack
    client: Any = None

    def run(
        self,
        function: Callable[[Payload, int], Result],
        payload: Payload,
        chunks: Sequence[int],
        done: Callable[[int, Result], None],
    ) -> None:
        """Call ``done(chunk, function(payload, chunk))`` for all chunks, in any order.

        ``done`` is called in this process as each result arrives. On dask the payload is sent
        once and kept on the workers; the chunks of a worker that dies are computed by another.
        """
        if self.engine.is_local:
            for chunk in chunks:
                done(chunk, function(payload, chunk))
            return
        if not chunks:
            return
        self.client = self.client or self._started()
        # A task instead of scattered data: it is recomputed if the worker that holds it dies
        shared = self.client.submit(_same, payload, pure=False)
        futures = {
            self.client.submit(function, shared, chunk, pure=False): chunk for chunk in chunks
        }
        for future in _distributed().as_completed(list(futures)):
            done(futures[future], future.result())
            future.release()

    def _started(self) -> Any:
        distributed, scheduler = _distributed(), self.engine.scheduler
        if scheduler is None:
            from catalogs.processes import undisturbed

            with undisturbed():  # its processes end with this one by themselves
                cluster = distributed.LocalCluster(
                    n_workers=self.engine.workers,
                    threads_per_worker=1,
                    dashboard_address="127.0.0.1:0",
                )
            return self.stack.enter_context(distributed.Client(self.stack.enter_context(cluster)))
        try:
            return self.stack.enter_context(distributed.Client(scheduler, timeout=10))
        except (OSError, TimeoutError, ValueError) as error:
            raise InputError(
                f"no dask scheduler answers at {scheduler!r} ({error}): start one with "
                "`dask scheduler`, or use `workers`"
            ) from error


def _same(payload: Payload) -> Payload:
    return payload


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise InputError(
            "several workers need dask: pip install 'recast-forecast[cluster]', or leave out "
            "`workers` and `scheduler`"
        ) from error
    return distributed
