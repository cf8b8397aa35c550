"""The notebooks of the documentation: pages that are also files for Jupyter, and run from there."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from outages import with_outages

from recast.evaluation.promises import check_promises
from recast.models.kind import Task

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs" / "notebooks").glob("*.md"))
SHOWN = {
    "table_to_forecast": r"forecast at 2019-07-1\d.*, 1,000 simulations",
    "new_model": r"\nfading of fading 0\.1 +run +\S+ +\d\.\d\d +1 of 1",
    "few_events": r"recast-zero-shot (explains|cannot be told)",
}
"""What the last steps print."""


def notebook(page: Path) -> Any:
    """The page as its reader in Sphinx has it."""
    core = pytest.importorskip("myst_nb.core.read", reason="needs the extra docs")
    from myst_parser.config.main import MdParserConfig

    text = page.read_text(encoding="utf-8")
    return core.read_myst_markdown_notebook(text, config=MdParserConfig(), add_source_map=False)


def test_each_has_its_last_step_tried() -> None:
    assert {page.stem for page in PAGES} == set(SHOWN)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_offers_itself_as_a_notebook(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert f"{{nb-download}}`{page.stem}.ipynb`" in text
    codes = [cell.source for cell in notebook(page).cells if cell.cell_type == "code"]
    assert len(codes) == len(re.findall(r"^```\{code-cell\}", text, re.MULTILINE)) >= 3
    # Jupyter knows these magics; ours are of the documentation alone
    assert {code.split()[0] for code in codes if code[0] == "%"} <= {"%%bash", "%%writefile"}


def test_the_model_of_a_page_leaves_outages_out(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "notebooks" / "new_model.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"^%%writefile fading.py\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    scope: dict[str, Any] = {"__name__": "fading"}
    exec(source, scope)
    task = Task(with_outages(), tmp_path)
    process = scope["FadingKind"]().fit(task).process
    for window in (task.split.train, task.split.val, task.split.test):
        check_promises(process, window, "fading")
        before, after = process.compensator(window, window.scored_gaps[0])
        assert after == pytest.approx(before, rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_it_runs_in_jupyter(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = pytest.importorskip("nbclient", reason="needs the extra docs")
    monkeypatch.setenv("RECAST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.delenv("RECAST_DATA", raising=False)
    done = client.NotebookClient(
        notebook(page), timeout=600, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    outputs = [out for cell in done.cells if cell.cell_type == "code" for out in cell.outputs]
    text = "".join(out.get("text") or out.get("data", {}).get("text/plain", "") for out in outputs)
    assert re.search(SHOWN[page.stem], text)
