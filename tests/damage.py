"""Files as a bad disk, an interrupted copy or a careless hand leaves them."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

OTHER_VALUES: tuple[Any, ...] = (
    None,
    [],
    {},
    "",
    "x",
    -1,
    0,
    1e308,
    True,
    [1],
    {"a": 1},
    "2019-13-45",
)


def damaged(content: bytes, rng: np.random.Generator, n: int) -> Iterator[bytes]:
    """``n`` versions: empty, cut off, with bits turned, bytes lost, blocks zeroed or repeated."""
    yield b""
    yield content[: len(content) // 2]
    for _ in range(n - 2):
        data = bytearray(content)
        at, other = sorted(rng.integers(0, len(content), 2).tolist())
        kind = rng.integers(6)
        if kind == 0:
            del data[at:]
        elif kind == 1:
            for place in rng.integers(0, len(data), rng.integers(1, 4)).tolist():
                data[place] ^= 1 << int(rng.integers(8))
        elif kind == 2:
            del data[at : at + int(rng.integers(1, 20))]
        elif kind == 3:
            data[at : at + 64] = bytes(len(data[at : at + 64]))
        elif kind == 4:
            data[at:at] = rng.bytes(int(rng.integers(1, 20)))
        else:
            data[at:other] = data[at:other] * 2
        yield bytes(data)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in a JSON value there is another one; of long lists the first two elements."""
    inside = list(value.items()) if isinstance(value, dict) else []
    inside = list(enumerate(value[:2])) if isinstance(value, list) else inside
    for key, part in inside:
        yield (*path, key)
        yield from places(part, (*path, key))


def rewritten(content: bytes, rng: np.random.Generator, n: int) -> Iterator[bytes]:
    """``n`` versions of a JSON in which a field is missing, or has a value of another kind."""
    found = list(places(json.loads(content)))
    for _ in range(n):
        record = json.loads(content)
        *way, last = found[rng.integers(len(found))]
        parent = record
        for key in way:
            parent = parent[key]
        if rng.random() < 0.3:
            del parent[last]
        else:
            parent[last] = OTHER_VALUES[rng.integers(len(OTHER_VALUES))]
        yield json.dumps(record).encode()
