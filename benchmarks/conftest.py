"""Fixtures of the benchmarks."""

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Processor time adds up over threads."""
    torch.set_num_threads(1)
