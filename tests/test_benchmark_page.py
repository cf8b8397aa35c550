"""The page of measured speed: exponents and their errors, and what it never says."""

import platform
from typing import Any

import numpy as np
import pytest
from page import Measured, digits, duration, measured, page


def entry(name: str, size: int, seconds: float, **more: Any) -> dict[str, Any]:
    info = {"operation": name, "unit": "events", "size": size, **more}
    return {"extra_info": info, "stats": {"median": seconds}}


def test_a_power_law_gives_its_exponent_without_error() -> None:
    one = Measured("x", "events", {n: 1e-6 * n**1.5 for n in (10, 100, 1000, 10_000)})
    assert one.slope() == pytest.approx((1.5, 0.0), abs=1e-9)
    assert one.last_slope() == pytest.approx(1.5)


def test_the_error_of_an_exponent_is_that_of_a_regression() -> None:
    rng = np.random.default_rng(0)
    sizes = 2.0 ** np.arange(40)
    noise = 0.3 * rng.standard_normal(40)
    one = Measured("x", "events", dict(zip(sizes, sizes**1.2 * np.exp(noise), strict=True)))
    slope, error = one.slope()
    x = np.log(sizes)
    # The standard deviation of the noise is known here, and estimated by the function
    assert error == pytest.approx(0.3 / np.sqrt(((x - x.mean()) ** 2).sum()), rel=0.3)
    assert abs(slope - 1.2) < 3.0 * error


def test_the_page_has_a_row_for_every_operation_and_no_name_of_a_machine() -> None:
    entries = [entry("fit", n, 1e-5 * n) for n in (1000, 10_000)]
    entries += [entry("fit", 100_000, 1.0, peak_bytes=5_000_000), entry("sum", 1000, 2.0)]
    entries += [entry("sum", n, 2e-3 * n) for n in (2000, 4000)]
    entries.append({"extra_info": {}, "stats": {"median": 1.0}})  # another benchmark
    text = page(measured({"benchmarks": entries}))
    assert text.startswith("# Speed\n\n    make bench\n")
    assert "| fit | 10 ms |  |  | 100 ms | 1 s | 1.00 ± 0.00 | 1.00 | 5 MB |" in text
    assert "| sum | 2 s | 4 s | 8 s |  |  | 1.00 ± 0.00 | 1.00 |  |" in text
    assert platform.node() not in text.split()
    assert f"Python {platform.python_version()}" in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(12.345, "12.3 s"), (0.0012, "1.2 ms"), (4.56e-5, "45.6 µs"), (1.0, "1 s")],
)
def test_durations_have_three_digits(seconds: float, text: str) -> None:
    assert duration(seconds) == text
    assert digits(1234.5) == "1,230"
