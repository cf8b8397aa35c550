"""Compressed files and archives, opened in memory and with a bounded size."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from catalogs.errors import InputError
from catalogs.expansion import most_unpacked

LIMIT = 64 << 30
"""Bytes a file may unpack to: as much as half a billion events take."""

CHUNK = 1 << 24
"""Bytes that are unpacked at a time."""

GZIP, BZIP2, XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00"
ZIP = {b"PK\x03\x04", b"PK\x05\x06"}
OLE = b"\xd0\xcf\x11\xe0"

DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    RuntimeError,
    NotImplementedError,
)
"""What broken archives raise; RuntimeError stands for encryption and unknown compression."""

HEAD = 65536
"""Bytes by which a layout is recognised."""

LAYERS = 4
"""Of compression around a catalog: a zip file of a tar file, both packed once more."""

OPENERS: dict[bytes, tuple[str, Callable[[io.BytesIO], io.BufferedIOBase]]] = {
    GZIP: ("gzip", lambda stream: gzip.GzipFile(fileobj=stream)),
    BZIP2: ("bzip2", bz2.BZ2File),
    XZ: ("xz", lzma.LZMAFile),
}


@dataclass(frozen=True)
class Member:
    """A file in an archive, and how its first bytes are read."""

    name: str
    read: Callable[[int], bytes]


def unpacked(
    data: bytes,
    where: str,
    fits: Callable[[bytes], bool] | None = None,
    *,
    limit: int = LIMIT,
) -> bytes:
    """The content of a compressed file or of an archive; other data as it is.

    Nothing is written, so no name in an archive can lead anywhere. Of several files in an archive
    it is the one that ``fits``; what systems and people put beside it is passed over.

    Raises
    ------
    InputError
        For a damaged or encrypted archive, one that unpacks to more than ``limit`` bytes or than
        packed text does (``most_unpacked``), one in which not exactly one file is the catalog, and
        for a workbook.
    """
    for _ in range(LAYERS):
        most = min(limit, most_unpacked(data))
        members = _members(data, where)
        if members is None:
            return data
        member = _chosen(members, where, fits)
        try:
            data = member.read(most + 1)
        except DAMAGE as error:
            raise _damaged(where, member.name, error) from None
        if len(data) > most:
            raise InputError(
                f"{where} unpacks to more than {most:,} bytes, which no catalog of its size does: "
                "if it is one, unpack it and give the file"
            )
    return data


def heads(data: bytes, where: str) -> list[bytes]:
    """The first bytes of the file, or of every file in an archive.

    Raises
    ------
    InputError
        For a damaged or encrypted archive.
    """
    members = _members(data, where)
    if members is None:
        return [data[:HEAD]]
    found = []
    for member in members:
        try:
            head = member.read(HEAD)
            if _members(head, where, check=False) is not None:
                found.extend(heads(member.read(most_unpacked(data)), where))
                continue
        except DAMAGE as error:
            raise InputError(f"{where}: damaged archive ({error}): fetch it again") from None
        found.append(head)
    return found


def _members(data: bytes, where: str, *, check: bool = True) -> list[Member] | None:
    """The files that data holds, None where it is no archive."""
    for magic, (kind, opener) in OPENERS.items():
        if data[: len(magic)] == magic:
            return [Member(kind, lambda n, opener=opener: _beginning(opener, data, n))]  # type: ignore[misc]
    if data[:4] == OLE:
        raise InputError(_workbook(where))
    read = _zipped if data[:4] in ZIP else _tarred if data[257:262] == b"ustar" else None
    if read is None:
        return None
    names = _names(data, where) if check else []
    return [Member(name, lambda n, name=name: read(data, name, n)) for name in names]  # type: ignore[misc]


def _names(data: bytes, where: str) -> list[str]:
    """The files in a zip or tar archive."""
    try:
        if data[:4] in ZIP:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                names = [info.filename for info in archive.infolist() if not info.is_dir()]
        else:
            with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
                names = [info.name for info in tar.getmembers() if info.isfile()]
    except DAMAGE as error:
        raise _damaged(where, "zip" if data[:4] in ZIP else "tar", error) from None
    if any(name.startswith("xl/") for name in names) or "content.xml" in names:
        raise InputError(_workbook(where))
    return names


def _chosen(members: list[Member], where: str, fits: Callable[[bytes], bool] | None) -> Member:
    chosen = [m for m in members if not _is_beside(m.name)] or members
    if len(chosen) > 1 and fits is not None:
        try:
            chosen = [member for member in chosen if fits(member.read(HEAD))]
        except DAMAGE as error:
            raise InputError(f"{where}: damaged archive ({error}): fetch it again") from None
    if len(chosen) != 1:
        names = ", ".join(repr(member.name[:60]) for member in members[:6])
        raise InputError(
            f"{where} holds {len(members)} files ({names}), {len(chosen)} of them catalogs "
            "of this layout: unpack it and give one file"
        )
    return chosen[0]


def _is_beside(name: str) -> bool:
    """Whether a file in an archive is a system's own."""
    parts = name.split("/")
    return "__MACOSX" in parts or parts[-1].startswith(".") or parts[-1] == "Thumbs.db"


def _beginning(opener: Callable[[io.BytesIO], io.BufferedIOBase], data: bytes, n: int) -> bytes:
    with opener(io.BytesIO(data)) as stream:
        return _upto(stream, n)


def _upto(stream: IO[bytes] | io.BufferedIOBase, n: int) -> bytes:
    """At most ``n`` bytes, in chunks: to ask for all at once would take memory for all."""
    out = io.BytesIO()
    while out.tell() < n and (chunk := stream.read(min(CHUNK, n - out.tell()))):
        out.write(chunk)
    return out.getvalue()


def _zipped(data: bytes, name: str, n: int) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(name) as stream:
        return _upto(stream, n)


def _tarred(data: bytes, name: str, n: int) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
        stream = tar.extractfile(name)
        return b"" if stream is None else _upto(stream, n)


def _damaged(where: str, name: str, error: Exception) -> InputError:
    kind = (
        name if name in {"gzip", "bzip2", "xz"} else "zip archive" if name == "zip" else "archive"
    )
    what = f"{kind} file" if name in {"gzip", "bzip2", "xz"} else kind
    return InputError(f"{where}: damaged {what} ({error}): fetch it again")


def _workbook(where: str) -> str:
    return (
        f"{where} is a spreadsheet, as of Excel, not text: save its sheet as CSV and import that, "
        "so that dates are written out"
    )
