"""Gzip files and zip archives, opened in memory and with a bounded size."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable

from catalogs.errors import InputError

LIMIT = 4 << 30
"""Bytes a file may unpack to: ten times the largest catalog known, and far below a zip bomb."""

GZIP = b"\x1f\x8b"
ZIP = {b"PK\x03\x04", b"PK\x05\x06"}

DAMAGE = (zipfile.BadZipFile, OSError, EOFError, zlib.error, RuntimeError)
"""What broken archives raise; RuntimeError stands for encryption and unknown compression."""

HEAD = 65536
"""Bytes by which a layout is recognised."""


def unpacked(
    data: bytes,
    where: str,
    fits: Callable[[bytes], bool] | None = None,
    *,
    limit: int = LIMIT,
) -> bytes:
    """The content of a gzip file or of a zip archive; other data as it is.

    Nothing is written, so no name in an archive can lead anywhere. Of several files in an archive
    it is the one that ``fits``.

    Raises
    ------
    InputError
        For a damaged or encrypted archive, one that unpacks to more than ``limit`` bytes, or one
        in which not exactly one file is the catalog.
    """
    if data[:2] == GZIP:
        content = _gunzipped(data, where, limit + 1)
    elif data[:4] in ZIP:
        content = _unzipped(data, where, fits, limit + 1)
    else:
        return data
    if len(content) > limit:
        raise InputError(f"{where} unpacks to more than {limit:,} bytes: this is no catalog")
    return content


def heads(data: bytes, where: str) -> list[bytes]:
    """The first bytes of the file, or of every file in a zip archive.

    Raises
    ------
    InputError
        For a damaged or encrypted archive.
    """
    try:
        if data[:2] == GZIP:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
                return [stream.read(HEAD)]
        if data[:4] in ZIP:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                return [_head(archive, info) for info in archive.infolist() if not info.is_dir()]
    except DAMAGE as error:
        raise InputError(f"{where}: damaged archive ({error}): fetch it anew") from None
    return [data[:HEAD]]


def _head(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as stream:
        return stream.read(HEAD)


def _gunzipped(data: bytes, where: str, most: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            content = stream.read(most)
    except DAMAGE as error:
        raise InputError(f"{where}: damaged gzip file ({error}): fetch it anew") from None
    return content


def _unzipped(data: bytes, where: str, fits: Callable[[bytes], bool] | None, most: int) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            chosen = members
            if len(members) > 1 and fits is not None:
                chosen = [info for info in members if fits(_head(archive, info))]
            if len(chosen) != 1:
                names = ", ".join(repr(info.filename[:60]) for info in members[:6])
                raise InputError(
                    f"{where} holds {len(members)} files ({names}), {len(chosen)} of them catalogs "
                    "of this layout: unpack it and give one file"
                )
            with archive.open(chosen[0]) as stream:
                content = stream.read(most)
    except DAMAGE as error:
        raise InputError(f"{where}: damaged zip archive ({error}): fetch it anew") from None
    return content
