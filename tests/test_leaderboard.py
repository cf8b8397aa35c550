"""`recast leaderboard`: what is ranked with what, what is shown beside it, and names of others."""

import csv
import io
import json
import re
import statistics
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from catalogs import Catalog, InputError
from catalogs.files import read_json, write_json
from recast import run_benchmark
from recast.benchmark import leaderboard
from recast.benchmark.boards import Board, Entry, Leaderboard, as_latex
from recast.benchmark.identity import data_hash
from recast.benchmark.leaderboard import make_leaderboard
from recast.benchmark.protocols import PROTOCOLS
from recast.benchmark.published import published_scores, published_tables
from recast.benchmark.results import BenchmarkResult
from recast.benchmark.schema import benchmark_schema
from recast.cli import main
from recast.report.leaderboard import write_leaderboard

RIDGECREST = "ridgecrest_2019"


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A benchmark.json of Poisson and ETAS."""
    folder = tmp_path_factory.mktemp("run")
    run_benchmark([RIDGECREST], ["poisson", "etas"], folder, command="recast benchmark")
    return read_json(folder / "benchmark.json")


Write = Callable[..., str]


@pytest.fixture
def written(record: dict[str, Any], tmp_path: Path) -> Write:
    """Writes a changed copy of the run, as if it came from another machine."""

    def write(name: str, change: Callable[[dict[str, Any]], None] = lambda _: None) -> str:
        copy = json.loads(json.dumps(record))
        change(copy)
        write_json(tmp_path / name / "benchmark.json", copy)
        return str(tmp_path / name)

    return write


def models(copy: dict[str, Any]) -> dict[str, Any]:
    rows: dict[str, Any] = next(iter(copy["catalogs"].values()))["models"]
    return rows


def scored(copy: dict[str, Any], name: str, nats: float) -> None:
    """Another model with this score, beside those of the run."""
    rows = models(copy)
    rows[name] = json.loads(json.dumps(rows["poisson"]))
    rows[name]["splits"]["test"]["nats_per_event"] = nats


def ranks(board: Board) -> dict[str, int | None]:
    return {entry.model: entry.rank for entry in board.entries}


def test_runs_of_the_same_data_share_a_board(written: Write) -> None:
    one = written("one", lambda copy: scored(copy, "mine", 3.5))
    two = written("two", lambda copy: scored(copy, "yours", 2.8))
    (board,) = make_leaderboard([one, two], reference=False).boards
    assert ranks(board) == {"mine": 1, "etas": 2, "yours": 3, "poisson": 4}
    assert len(board.entries) == 6
    assert {entry.source for entry in board.entries} == {one, two}


def test_models_of_one_name_are_ranked_by_the_mean_of_their_runs(written: Write) -> None:
    def both(a: float, b: float) -> Callable[[dict[str, Any]], None]:
        def change(copy: dict[str, Any]) -> None:
            scored(copy, "a", a)
            scored(copy, "b", b)

        return change

    runs = [written("one", both(3.0, 3.2)), written("two", both(3.6, 3.2))]
    (board,) = make_leaderboard(runs, reference=False).boards
    assert ranks(board) == {"a": 1, "b": 2, "etas": 3, "poisson": 4}
    runs = [written("one", both(2.9, 3.2)), written("two", both(3.4, 3.2))]  # not by the best
    (board,) = make_leaderboard(runs, reference=False).boards
    assert ranks(board) == {"b": 1, "a": 2, "etas": 3, "poisson": 4}
    assert [entry.nats_per_event for entry in board.entries if entry.model == "a"] == [3.4, 2.9]


def test_models_with_the_same_score_share_the_better_rank(written: Write) -> None:
    def change(copy: dict[str, Any]) -> None:
        scored(copy, "a", 3.5)
        scored(copy, "b", 3.5)

    (board,) = make_leaderboard([written("one", change)], reference=False).boards
    assert ranks(board) == {"a": 1, "b": 1, "etas": 3, "poisson": 4}


def test_versions_are_ranked_apart(written: Write) -> None:
    def older(copy: dict[str, Any]) -> None:
        copy["version"] = "0.0.1"
        models(copy)["etas"]["splits"]["test"]["nats_per_event"] = 2.8

    (board,) = make_leaderboard([written("one"), written("two", older)], reference=False).boards
    etas = [(entry.rank, entry.version) for entry in board.entries if entry.model == "etas"]
    assert etas[0][0] == 1
    assert etas[1] == (2, "0.0.1")


@pytest.mark.parametrize(
    ("field", "values", "shown"),
    [
        ("file_sha256", ("a" * 64, "b" * 64), ("mine (aaaaaaaa)", "mine (bbbbbbbb)")),
        ("package", ("theirs 0.1", "theirs 0.2"), ("mine of theirs 0.1", "mine of theirs 0.2")),
    ],
)
def test_models_of_one_name_that_are_different_are_ranked_apart(
    written: Write, field: str, values: tuple[str, str], shown: tuple[str, str]
) -> None:
    def model(value: str, nats: float) -> Callable[[dict[str, Any]], None]:
        def change(copy: dict[str, Any]) -> None:
            scored(copy, "mine", nats)
            models(copy)["mine"][field] = value

        return change

    runs = [written("one", model(values[0], 2.8)), written("two", model(values[1], 3.5))]
    found = make_leaderboard(runs, reference=False)
    assert ranks(found.boards[0]) == {shown[1]: 1, "etas": 2, shown[0]: 3, "poisson": 4}
    assert {row.model for row in found.standings} >= set(shown)
    runs[0] = written("three", model(values[1], 2.5))  # the same again
    found = make_leaderboard(runs, reference=False)
    assert ranks(found.boards[0]) == {shown[1]: 1, "etas": 2, "poisson": 3}


def test_a_catalog_that_is_not_of_its_protocol_is_left_out(written: Write) -> None:
    run = written("one", lambda copy: copy.update(protocol="earthquakenpp"))
    found = make_leaderboard([run], reference=False)
    assert not found.boards
    assert found.left_out == {f"{run}, {RIDGECREST}": "no catalog of the protocol earthquakenpp"}


def other_data(copy: dict[str, Any]) -> None:
    copy["catalogs"][RIDGECREST]["data_sha256"] = "f" * 64


def as_white(copy: dict[str, Any]) -> None:
    copy["catalogs"] = {"white": copy["catalogs"].pop(RIDGECREST)}


def as_white_of_the_paper(copy: dict[str, Any]) -> None:
    as_white(copy)
    copy["protocol"] = "paper"


@pytest.mark.parametrize(
    ("first", "second"), [(lambda _: None, other_data), (as_white, as_white_of_the_paper)]
)
def test_other_data_and_other_protocols_are_not_mixed(
    written: Write,
    first: Callable[[dict[str, Any]], None],
    second: Callable[[dict[str, Any]], None],
    tmp_path: Path,
) -> None:
    runs = [written("one", first), written("two", second)]
    page, found = write_leaderboard(runs, tmp_path, reference=False)
    assert [ranks(board) for board in found.boards] == [{"etas": 1, "poisson": 2}] * 2
    assert len({board.title for board in found.boards}) == 2
    assert len(set(found.names())) == 2
    text = page.read_text(encoding="utf-8")
    assert all(f">{name}</h2>" in text for name in found.names())
    blocks = as_latex(found).split(r"\hline")[2:-1]
    assert [block.count("etas") for block in blocks] == [1, 1]


def test_a_leak_is_marked_and_takes_no_rank(written: Write, tmp_path: Path) -> None:
    def leak(copy: dict[str, Any]) -> None:
        scored(copy, "peeking", 9.0)
        models(copy)["peeking"]["leaks"] = ["elsewhere until 2030-01-01"]

    page, found = write_leaderboard([written("one", leak)], tmp_path, reference=False)
    (board,) = found.boards
    assert ranks(board) == {"etas": 1, "poisson": 2, "peeking": None}
    assert board.entries[-1].model == "peeking"
    assert "peeking" not in {row.model for row in found.standings}
    shown = page.read_text(encoding="utf-8")
    assert '<th scope="row">peeking (leak)</th><td>-</td>' in shown
    assert "elsewhere until 2030-01-01" in shown


def quick(copy: dict[str, Any]) -> None:
    copy["quick"] = True


def part(copy: dict[str, Any]) -> None:
    copy["protocol"] = None


def old(copy: dict[str, Any]) -> None:
    del copy["catalogs"][RIDGECREST]["data_sha256"]


def newer(copy: dict[str, Any]) -> None:
    copy["schema_version"] = 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (quick, "hardly trained"),
        (part, "follows no protocol"),
        (old, "an older version made it"),
        (newer, "a newer version made it (schema 2)"),
    ],
)
def test_what_can_not_be_compared_is_left_out_with_the_reason(
    written: Write,
    change: Callable[[dict[str, Any]], None],
    reason: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    run = written("one", change)
    assert main(["leaderboard", run, "--runs-only", "--out", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert f"{run}: " in shown
    assert reason in shown
    assert reason in (tmp_path / "leaderboard.html").read_text(encoding="utf-8")


def test_mean_ranks_say_on_how_many_catalogs(written: Write) -> None:
    def second(copy: dict[str, Any]) -> None:
        scored(copy, "mine", 2.7)
        entry = copy["catalogs"][RIDGECREST]
        again = json.loads(json.dumps(entry))
        again["data_sha256"] = "e" * 64
        del again["models"]["mine"]
        again["models"]["poisson"]["splits"]["test"]["nats_per_event"] = 5.0
        copy["catalogs"]["elsewhere"] = again

    found = make_leaderboard([written("one", second)], reference=False)
    assert {(row.model, row.mean_rank, row.boards, row.of) for row in found.standings} == {
        ("etas", 1.5, 2, 2),
        ("poisson", 2.0, 2, 2),  # third and first
        ("mine", 2.0, 1, 2),
    }
    assert found.standings[-1].model == "mine"


def test_a_mean_gain_is_that_of_all_catalogs_or_not_known(written: Write) -> None:
    def second(copy: dict[str, Any]) -> None:
        again = json.loads(json.dumps(copy["catalogs"][RIDGECREST]))
        again["data_sha256"] = "e" * 64
        copy["catalogs"]["elsewhere"] = again
        for catalog, gain in ((RIDGECREST, -1.0), ("elsewhere", -3.0)):
            row = copy["catalogs"][catalog]["models"]["poisson"]
            row["gain_over_etas"] = {"mean": gain, "ci95": [gain - 0.1, gain + 0.1]}

    def without(copy: dict[str, Any]) -> None:
        second(copy)
        copy["catalogs"]["elsewhere"]["models"]["poisson"]["gain_over_etas"] = None

    for name, change, expected in (("one", second, -2.0), ("two", without, None)):
        found = make_leaderboard([written(name, change)], reference=False)
        (row,) = (row for row in found.standings if row.model == "poisson")
        assert row.mean_gain == expected


def test_published_rows_stand_beside_runs_of_the_same_events_only(written: Write) -> None:
    def as_scedc(n: int) -> Callable[[dict[str, Any]], None]:
        def change(copy: dict[str, Any]) -> None:
            copy["protocol"] = "paper"
            copy["catalogs"] = {"scedc": copy["catalogs"].pop(RIDGECREST)}
            for row in models(copy).values():
                row["splits"]["test"]["n_events"] = n

        return change

    def boards(n: int) -> list[Board]:
        found = make_leaderboard([written(f"run{n}", as_scedc(n))])
        return [board for board in found.boards if board.catalog == "scedc" and board.n_events == n]

    (same,) = (board for board in boards(12_545) if any("run" in e.source for e in board.entries))
    assert {entry.origin for entry in same.entries} == {"run", "published"}
    (other,) = boards(12_544)
    assert {entry.origin for entry in other.entries} == {"run"}


def test_published_numbers_are_those_of_their_tables() -> None:
    etas, recast = published_scores("paper", "scedc")
    # Mean NLL per day of five seeds, over 12,545 events in 2,191 days
    assert (etas.nll_per_day, recast.nll_per_day) == pytest.approx((-14.2529, -14.1908), abs=5e-5)
    assert etas.nats_per_event == pytest.approx(14.2529 * 2191.0 / 12_545, abs=1e-4)
    assert recast.seeds == 5
    seeds = published_tables()["paper"].catalogs["scedc"].models[recast.model]
    assert recast.seed_sd == pytest.approx(statistics.stdev(seeds) * 2191.0 / 12_545, rel=1e-3)
    (entry,) = (
        entry
        for board in make_leaderboard().boards
        if (board.protocol, board.catalog) == ("paper", "scedc")
        for entry in board.entries
        if (entry.origin, entry.model) == ("published", recast.model)
    )
    assert entry.gain == pytest.approx((14.1908 - 14.2529) * 2191.0 / 12_545, abs=2e-5)
    poisson, neural = (
        next(row for row in published_scores("earthquakenpp", "white_06") if row.model == model)
        for model in ("Poisson", "best neural")
    )
    assert (poisson.nats_per_event, poisson.places) == (1.715, -8.294)
    assert (neural.nats_per_event, neural.places) == (2.003, -5.360)
    assert all(re.search(r"doi:|arXiv:", table.source) for table in published_tables().values())


def test_without_runs_it_shows_what_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["leaderboard", "--out", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "Dascher-Cousineau et al. 2023" in shown
    page = (tmp_path / "leaderboard.html").read_text(encoding="utf-8")
    assert "doi:10.1029/2023GL103909" in page
    assert "arXiv:2410.08226" in page
    assert main(["leaderboard", "--runs-only", "--out", str(tmp_path)]) == 2


RUNS = sorted((Path(leaderboard.__file__).parent / "shipped").glob("*.json"))
"""Those that come with the package."""


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.stem)
def test_runs_of_the_package_can_be_compared(path: Path) -> None:
    record = read_json(path)
    jsonschema.validate(record, benchmark_schema())
    (source,) = (name for name in make_leaderboard().sources if name.endswith(path.name))
    assert make_leaderboard().left_out == {}
    result = BenchmarkResult.from_json(record, path)
    assert set(result.catalogs) == set(PROTOCOLS[str(result.protocol)].catalogs)
    for board in make_leaderboard().boards:
        mine = [entry for entry in board.entries if entry.source == source]
        assert all(entry.rank is not None for entry in mine)
        if mine:  # beside what was published of the same events
            assert {entry.origin for entry in board.entries} == {"run", "published"}


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.stem)
def test_runs_of_the_package_are_of_the_data_that_we_have(
    path: Path, real_catalog: Callable[[str], Catalog]
) -> None:
    for name, catalog in BenchmarkResult.load(path).catalogs.items():
        assert data_hash(real_catalog(name).split()) == catalog.data_sha256


HOSTILE = "<img src=x onerror=alert(1)> a_b & c% $x^$ \\input{/etc/passwd}\n\x1b[2J"

MODEL = "<img src=x onerror=alert(1)> a_b & c% $x^$ input{passwd}"
"""What a file may be called, and so the model in it."""


def test_names_of_others_are_text_everywhere(
    written: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def change(copy: dict[str, Any]) -> None:
        scored(copy, MODEL, 3.0)
        models(copy)[MODEL]["gain_over_etas"] = models(copy)["poisson"]["gain_over_etas"]
        models(copy)[MODEL]["seen"] = {text: {"until": text}}
        copy["command"] = copy["version"] = copy["date"] = text

    text = " ".join(HOSTILE.replace("\x1b", "").split())

    options = [written("one", change), "--runs-only", "--out", str(tmp_path / "board")]
    assert main(["leaderboard", *options]) == 0
    text = capsys.readouterr().out
    assert "\x1b" not in text
    page = (tmp_path / "board" / "leaderboard.html").read_text(encoding="utf-8")
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert all(re.fullmatch(r"[\w.-]+", name) for name in ids)
    assert len(ids) == len(set(ids))
    outside = {path.parent.parent for path in (tmp_path / "board").rglob("*.svg")}
    assert outside == {tmp_path / "board" / "leaderboard"}
    assert main(["leaderboard", *options, "--format", "latex"]) == 0
    table = capsys.readouterr().out
    assert r"a\_b \& c\% \$x\textasciicircum{}\$ input\{passwd\}" in table
    assert main(["leaderboard", *options, "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len(rows) == 3
    assert rows[0]["model"] == MODEL


def test_names_of_others_that_are_paths_are_refused(
    written: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    def rename_model(copy: dict[str, Any]) -> None:
        scored(copy, HOSTILE, 3.0)

    def rename_catalog(copy: dict[str, Any]) -> None:
        copy["catalogs"] = {HOSTILE: copy["catalogs"].pop(RIDGECREST)}

    for name, change in (("one", rename_model), ("two", rename_catalog)):
        assert main(["leaderboard", written(name, change), "--runs-only"]) == 2
        said = capsys.readouterr().err
        assert "control characters: take them out" in said
        assert "\x1b" not in said


def test_the_json_can_be_read_back(written: Write, capsys: pytest.CaptureFixture[str]) -> None:
    options = [written("one"), "--runs-only", "--out", written("board"), "--format", "json"]
    assert main(["leaderboard", *options]) == 0
    content = json.loads(capsys.readouterr().out)
    assert Leaderboard.from_json(content, "it") == make_leaderboard(options[:1], reference=False)


def test_the_truth_of_a_synthetic_catalog_does_not_compete() -> None:
    entry = Entry("truth", "run", "a run", 1.0, 10)
    assert not entry.competes
    assert replace(entry, model="mine").competes


def test_a_run_counts_once_by_whatever_path(written: Write) -> None:
    run = written("one")
    with pytest.raises(InputError, match="one is named twice: name it once"):
        make_leaderboard([run, f"{run}/benchmark.json"])


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        (["nowhere"], "nowhere holds no benchmark: `recast benchmark --out nowhere` makes one"),
        (["one", "one"], "run one is named twice"),
    ],
)
def test_a_run_that_is_not_there_is_one_line(
    runs: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["leaderboard", *runs]) == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert shown.count("\n") == 1
