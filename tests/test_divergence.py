"""Training that diverges stops with one line, and what it had learned before stays."""

from pathlib import Path
from typing import Any

import pytest
import torch

from catalogs import InputError
from recast.cli import main
from recast.pretrained.checkpoints import read_checkpoint
from recast.training.data import CatalogData
from recast.training.task import RecastTask
from recast.training.trainer import train

RIDGECREST = "ridgecrest_2019"


def finite(path: Path) -> bool:
    return all(bool(torch.isfinite(x).all()) for x in read_checkpoint(path)["state_dict"].values())


def test_weights_that_are_no_numbers_make_no_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the last step of an epoch no later training loss could show them."""
    step = RecastTask.optimizer_step

    def ruin(self: RecastTask, *args: Any, **options: Any) -> None:
        step(self, *args, **options)
        if self.global_step == 5:  # counted once the step is taken: the sixth
            with torch.no_grad():
                next(iter(self.net.encoder.parameters())).fill_(float("nan"))

    monkeypatch.setattr(RecastTask, "optimizer_step", ruin)
    data = CatalogData(RIDGECREST, window=64, burn_in=16, steps_per_epoch=3)
    with pytest.raises(InputError, match=r"validation loss is nan at step 6: lower .*best check"):
        train(data, tmp_path, seed=0, max_epochs=4)
    for name in ("best.ckpt", "last.ckpt"):
        assert finite(tmp_path / name)
        assert read_checkpoint(tmp_path / name)["global_step"] == 3
    # And it goes on from there once the cause is gone
    monkeypatch.setattr(RecastTask, "optimizer_step", step)
    assert finite(train(data, tmp_path, seed=0, max_epochs=4, resume=True).checkpoint)


@pytest.mark.parametrize("decoder", ["hazard", "weibull"])
@pytest.mark.parametrize("rate", ["1e4", "1e30"])
def test_an_absurd_learning_rate_is_answered_in_one_line(
    rate: str,
    decoder: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    small = ["--data.window=64", "--data.burn_in=16", "--data.steps_per_epoch=3"]
    small += ["--trainer.max_epochs=3", "--trainer.accelerator=cpu", f"--model.decoder={decoder}"]
    code = main(["fit", f"--model.learning_rate={rate}", *small])
    lines = capsys.readouterr().err.strip().splitlines()
    assert code in {0, 2}  # clipped gradients may stay numbers: the start is then kept
    assert code == 0 or "lower model.learning_rate" in lines[-1]
    assert not any("Traceback" in line for line in lines)
    assert all(finite(path) for path in tmp_path.rglob("*.ckpt"))
