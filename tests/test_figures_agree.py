"""Figures that several pages give are those of the tables of experiments/README.md."""

import json
import re
import statistics
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parent.parent


def page(name: str) -> str:
    return " ".join((ROOT / name).read_text(encoding="utf-8").split())


EXPERIMENTS = page("experiments/README.md")


def in_95(catalog: str, model: str) -> list[int]:
    """Shares in the 95 % range over 1, 7 and 30 days, of the exam after mainshocks."""
    begin = EXPERIMENTS.index(f"| {catalog}, ", EXPERIMENTS.index("## After mainshocks"))
    (shares,) = re.findall(rf"\| {re.escape(model)} \| ([\d/ ]+) %", EXPERIMENTS[begin:])[:1]
    return [int(share) for share in shares.split(" / ")]


def test_coverage_of_etas_as_it_is() -> None:
    one, week, month = in_95("scedc", "etas as it is")
    held = f"{one}, {week} and {month} %"
    assert f"observed number in only {held} of cases" in page("docs/theory/simulation.md")
    assert f"where they held {held}" in page("CHANGELOG.md")


def test_coverage_of_nets_after_mainshocks() -> None:
    shares = in_95("scedc", "net as it is") + in_95("horus_italy", "net as it is")
    assert f"contained {min(shares)} to {max(shares)} % in the exams" in page("docs/scope.md")


def test_coverage_of_a_month_in_ordinary_times() -> None:
    tests = EXPERIMENTS[EXPERIMENTS.index("| scedc, test |") :].split("In the mean over", 1)[0]
    rows = re.findall(r"\| [\w, ]+ \| .*? \| .*? \| (\d+), [^;|]*; (\d+), [^|]*\| \d+ \|", tests)
    assert len(rows) == 5
    before, after = ([int(row[i]) for row in rows] for i in (0, 1))
    assert (
        f"ranges hold {min(after)} to {max(after)} % of what came in their test windows, "
        f"those of ETAS as it is {min(before)} to {max(before)} %"
    ) in page("docs/theory/simulation.md")


def test_losses_on_synthetic_catalogs() -> None:
    rows = re.findall(r"\| \w+ \(truth (\S+)\) \| \S+ \| (\S+) \| \S+ \| (\S+) \[", EXPERIMENTS)
    long, short = (-float(gain) for *_, gain in rows)
    assert f"default net loses {long:.4f} and {short:.4f}" in page("docs/reproduce.md")


def test_rolling_coverage_of_etas() -> None:
    (share,) = re.findall(r"\| etas \| ([\d.]+) % \| 27.1 %", EXPERIMENTS)
    assert f"| ETAS | 67 % | {share} % |" in page("docs/reproduce.md")
    assert f"in 128 windows ({share} %" in EXPERIMENTS
    assert f"{128 / 155:.1%}" == f"{share}%"


def test_scores_by_number_of_events() -> None:
    path = ROOT / "experiments" / "transfer" / "data_efficiency.json"
    kept = json.loads(path.read_text(encoding="utf-8"))
    scores: dict[tuple[str, int, str], list[float]] = defaultdict(list)
    for name, row in kept.items():
        if name.startswith("score/"):
            scores[row["region"], row["n"], row["mode"]].append(row["score"])

    def shown(region: str, n: int, mode: str) -> str:
        values = scores[region, n, mode]
        mean = f"{statistics.mean(values):.4f}"
        return mean if len(values) == 1 else f"{mean} +- {statistics.stdev(values):.4f}"

    number = r"([\d.]+(?: \+- [\d.]+)?)"
    rows = re.findall(
        rf"\| (\w+) \| ([\d,]+) \| [\d.]+ \| {number} \| {number} \| {number} \|", EXPERIMENTS
    )
    table = [row for row in rows if "+-" in row[2]]
    assert len(table) == 9
    for region, size, *found in table:
        n = int(size.replace(",", ""))
        modes = ("native", "zero-shot", "few-shot")
        assert found == [shown(region, n, mode) for mode in modes], (region, size)
