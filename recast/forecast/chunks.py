"""Chunks of a long computation on disk, each written whole or not at all."""

from __future__ import annotations

import io
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from catalogs import InputError
from catalogs.files import read_json, write_json, write_whole

PLAN = "plan.json"

Arrays = Mapping[str, np.ndarray]

Progress = Callable[[str, int, int], None]
"""Called with the name of the task, chunks done and chunks in total."""


def chunk_path(folder: Path, chunk: int) -> Path:
    """Return the file of a chunk."""
    return folder / f"chunk_{chunk:06d}.npz"


def write_chunk(folder: Path, chunk: int, arrays: Arrays) -> None:
    """Write a chunk, whole or not at all.

    Raises
    ------
    ValueError
        For an array of objects, which would be pickled, and could not be read.
    """
    objects = [name for name, array in arrays.items() if array.dtype.hasobject]
    if objects:
        raise ValueError(f"{', '.join(objects)}: objects cannot be saved")
    plain: dict[str, Any] = dict(arrays)
    stream = io.BytesIO()
    np.savez_compressed(stream, **plain)
    write_whole(chunk_path(folder, chunk), stream.getvalue())


@dataclass
class Writer:
    """Writes each chunk as it arrives, and reports progress."""

    folder: Path
    chunks: int
    left: int
    progress: Progress

    def __call__(self, chunk: int, arrays: Arrays) -> None:
        """Write a chunk."""
        write_chunk(self.folder, chunk, arrays)
        self.left -= 1
        self.progress(self.folder.name, self.chunks - self.left, self.chunks)


def read_chunk(folder: Path, chunk: int, without: Container[str] = ()) -> dict[str, np.ndarray]:
    """Read the arrays of one chunk, but for some.

    Raises
    ------
    InputError
        If it is missing or damaged.
    """
    path = chunk_path(folder, chunk)
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as content:
            return {name: content[name] for name in content.files if name not in without}
    except Exception as error:  # zip and numpy raise many kinds for a damaged file
        raise InputError(f"{path} cannot be read ({error}): remove it and resume") from error


def read_chunks(folder: Path, chunks: int, without: Container[str] = ()) -> dict[str, np.ndarray]:
    """Read the arrays of all chunks that have them, joined along their first axis.

    Raises
    ------
    InputError
        If a chunk is missing or damaged.
    """
    parts: dict[str, list[np.ndarray]] = {}
    for chunk in range(chunks):
        for name, array in read_chunk(folder, chunk, without).items():
            parts.setdefault(name, []).append(array)
    return {name: np.concatenate(arrays) for name, arrays in parts.items()}


def open_folder(folder: Path, plan: dict[str, Any], chunks: int, *, resume: bool) -> list[int]:
    """Return the chunks still to be made, in a folder that records their ``plan``.

    Without ``resume`` existing chunks are removed.

    Raises
    ------
    InputError
        If the folder holds chunks of another plan.
    """
    claim(folder, plan, "*chunk_*.npz*", resume=resume)
    return [chunk for chunk in range(chunks) if not chunk_path(folder, chunk).is_file()]


def claim(folder: Path, plan: dict[str, Any], files: str, *, resume: bool) -> None:
    """Record the ``plan`` of a folder; without ``resume`` remove its ``files``, a glob pattern.

    Raises
    ------
    InputError
        If with ``resume`` the folder holds files of another plan.
    """
    known = folder / PLAN
    if resume and known.is_file():
        old = read_json(known)
        changed = sorted(k for k in old.keys() | plan.keys() if old.get(k) != plan.get(k))
        if changed:
            name = changed[0]
            raise InputError(
                f"{folder} holds chunks made with {name} = {old.get(name)}, now {plan.get(name)}: "
                "choose another `out`, or leave out `resume` to make all of them again"
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob(files):
        path.unlink()
    write_json(known, plan)
