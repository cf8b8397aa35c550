"""How much a small file may stand for: bounds on what is packed, and on what refers to itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

RATIO, SMALL = 100, 16 << 20
"""How many times its size a packed file may unpack to, and bytes to which any may: text of events
packs to a third or a thirtieth, a bomb to a thousandth."""

MOST_ITEMS = 10_000_000
"""Of nested content."""


def most_unpacked(data: bytes) -> int:
    """Bytes to which a packed file of this size may unpack."""
    return max(SMALL, RATIO * len(data))


def items_in(content: Any) -> Iterable[Any]:
    """The keys and values of a mapping, the elements of a list, tuple or set, else nothing."""
    if isinstance(content, Mapping):
        return (item for pair in content.items() for item in pair)
    return content if isinstance(content, list | tuple | set) else ()


def _text(part: Any) -> int:
    """Long text counts for more than one item."""
    return len(part) // 100 if isinstance(part, str | bytes) else 0


def check_expansion(
    content: Any, parts: Callable[[Any], Iterable[Any]] = items_in, *, most: int = MOST_ITEMS
) -> None:
    """Refuse content that refers to itself, or has more than ``most`` items written out.

    Ten lines of YAML, or of a pickle, in which each list names the one before ten times, stand for
    ten billion items; a loop stands for infinitely many. It takes one step per part that is really
    there, and no recursion.

    Raises
    ------
    ValueError
        Saying which of the two.
    """
    sizes: dict[int, int | None] = {}  # None while the parts are looked at
    stack = [(content, False)]
    while stack:
        part, is_done = stack.pop()
        if is_done:
            size = 1 + _text(part) + sum(sizes[id(item)] or 1 for item in parts(part))
            if size > most:
                raise ValueError(f"written out, it has more than {most:,} values")
            sizes[id(part)] = size
        elif id(part) in sizes:
            if sizes[id(part)] is None:
                raise ValueError("it refers to itself")
        else:
            sizes[id(part)] = None
            stack.append((part, True))
            stack += [(item, False) for item in parts(part)]
