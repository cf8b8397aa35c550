"""Regional changes of the weights that all regions share."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

CHANGE = 0.3
"""Size of weight changes as training starts, for a code of ones and inputs of unit variance; zero,
twice this and three times the shift are no better (experiments/README.md, "Many regions")."""

SHIFT = 0.1
"""The same for shifts of the bias."""


class RegionalChange(nn.Module):
    """A linear map y = W x + b in the region of code (c, e): W + U diag(c) V, b + S e.

    Half of the code's numbers, c (half,), each scale a rank-one change of the weights, and the
    others, e, each a shift of the bias; U (rows, half), V (half, columns) and S (rows, half) are
    shared by all regions, and no number has a unit. So a region of few events has few numbers to
    learn, yet may have a longer memory or stronger response than others. A code of zeros changes
    nothing.
    """

    def __init__(self, rows: int, columns: int, code_size: int) -> None:
        super().__init__()
        half = code_size // 2
        self.left = nn.Parameter(CHANGE * torch.randn(rows, half))  # U
        self.right = nn.Parameter(CHANGE / math.sqrt(columns) * torch.randn(half, columns))  # V
        self.shift = nn.Parameter(SHIFT * torch.randn(rows, code_size - half))  # S

    def forward(self, weight: Tensor, bias: Tensor, code: Tensor) -> tuple[Tensor, Tensor]:
        """Weight (rows, columns) and bias (rows,) in the region of ``code`` (code_size,)."""
        c = of_weights(code)
        e = code[len(c) :]
        return weight + (self.left * c) @ self.right, bias + self.shift @ e


def of_weights(code: Tensor) -> Tensor:
    """The numbers of a code that change weights."""
    return code[: len(code) // 2]
