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
    if data[:2] == b"\x1f\x8b":
        return _gunzipped(data, where, limit)
    if data[:4] in {b"PK\x03\x04", b"PK\x05\x06"}:
        return _unzipped(data, where, fits, limit)
    return data


def _gunzipped(data: bytes, where: str, limit: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            content = stream.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{where}: damaged gzip file ({error}): fetch it anew") from None
    if len(content) > limit:
        raise InputError(f"{where} unpacks to more than {limit:,} bytes: this is no catalog")
    return content


def _unzipped(data: bytes, where: str, fits: Callable[[bytes], bool] | None, limit: int) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            chosen = members
            if len(members) > 1 and fits is not None:
                chosen = []
                for info in members:
                    with archive.open(info) as stream:
                        if fits(stream.read(HEAD)):
                            chosen.append(info)
            if len(chosen) != 1:
                names = ", ".join(repr(info.filename[:60]) for info in members[:6])
                raise InputError(
                    f"{where} holds {len(members)} files ({names}), {len(chosen)} of them catalogs "
                    "of this layout: unpack it and give one file"
                )
            with archive.open(chosen[0]) as stream:
                content = stream.read(limit + 1)
    # Encrypted members raise RuntimeError, unknown compressions NotImplementedError.
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error, RuntimeError) as error:
        raise InputError(f"{where}: damaged zip archive ({error}): fetch it anew") from None
    if len(content) > limit:
        raise InputError(f"{where} unpacks to more than {limit:,} bytes: this is no catalog")
    return content
