"""Training of the neural model: loss, optimiser, what is logged, and what a checkpoint must fit."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import pandas as pd
import torch
from torch import Tensor

from catalogs import InputError
from recast.batch import Batch
from recast.net import DecoderName, RecastNet, log_likelihoods
from recast.scaling import Scaling


class RecastTask(lightning.LightningModule):
    """Minimise the exact negative log-likelihood per event over windows of the train sequence.

    Parameters
    ----------
    scaling : dict
        The fields of ``recast.scaling.Scaling``: plain floats, so that checkpoints load with
        ``weights_only=True``. Taken from the data by the command line.
    decoder : {"hazard", "weibull"}
        What ETAS misses, or RECAST as published; see ``RecastNet``.
    hidden_size, width : int
        GRU units; units of the modulating net or components of the mixture.
    dropout : float
        On the context.
    learning_rate, weight_decay, warmup : float
        AdamW; the rate rises over a fraction ``warmup`` of all steps, then falls as a cosine.
    """

    def __init__(
        self,
        scaling: dict[str, float],
        decoder: DecoderName = "hazard",
        hidden_size: int = 32,
        width: int = 32,
        dropout: float = 0.2,
        learning_rate: float = 5e-3,
        weight_decay: float = 1e-2,
        warmup: float = 0.05,
    ) -> None:
        super().__init__()
        if not 0.0 <= dropout < 1.0:
            raise InputError(f"model.dropout = {dropout}: it must lie in [0, 1)")
        for name, value in (
            ("hidden_size", hidden_size),
            ("width", width),
            ("learning_rate", learning_rate),
        ):
            if not value > 0:
                raise InputError(f"model.{name} = {value}: it must be positive")
        self.save_hyperparameters()
        self.net = RecastNet(
            Scaling(**scaling),
            decoder=decoder,
            hidden_size=hidden_size,
            width=width,
            dropout=dropout,
        )
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.warmup = warmup

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """Negative log-likelihood per event of a batch of windows."""
        times, magnitudes = self._losses(batch)
        loss = times + magnitudes if self.net.magnitude is not None else times
        if not torch.isfinite(loss):
            raise InputError(
                f"the loss is {float(loss.detach())} at step {self.global_step}: lower "
                f"model.learning_rate (now {self.learning_rate:g}); the best checkpoint is kept"
            )
        self.log(
            "train/nll",
            times,
            batch_size=batch.n_events,
            on_step=False,
            on_epoch=True,
            sync_dist=True,
        )
        return loss

    def validation_step(self, batch: Batch, _: int) -> None:
        """The same on windows of the validation sequence."""
        times, magnitudes = self._losses(batch)
        self.log("val/nll", times, batch_size=batch.n_events, prog_bar=True, sync_dist=True)
        self.log("val/nll_magnitude", magnitudes, batch_size=batch.n_events, sync_dist=True)

    def test_step(self, batch: Batch, _: int) -> None:
        """Score the whole test sequence in float64: nats, nats per event and NLL per day."""
        logs = log_likelihoods(self._exact_net(), batch)
        total = float(logs.times)
        self.log_dict(
            {
                "test/magnitude_nats_per_event": float(logs.magnitudes.mean()),
                "test/log_likelihood": total,
                "test/nats_per_event": total / batch.n_events,
                "test/nll_per_day": -total / batch.scored_days,
            },
            batch_size=1,
        )

    def predict_step(self, batch: Batch, _: int) -> dict[str, Tensor]:
        """Log intensity and compensator increment at each scored event, written as CSV."""
        net = self._exact_net()
        distribution = net(batch)
        begun = distribution.cumulative_hazard(batch.elapsed[batch.scored])
        x = batch.inter_times[batch.scored]
        columns = {
            "days": batch.inter_times[0].cumsum(0)[batch.scored[0]],
            "magnitude": batch.magnitudes[batch.scored],
            "log_intensity": distribution.log_hazard(x),
            "compensator_increment": distribution.cumulative_hazard(x) - begun,
        }
        observed = batch.observed[batch.scored]
        events = {name: value[observed] for name, value in columns.items()}
        if self.trainer.log_dir is not None and self.trainer.is_global_zero:
            path = Path(self.trainer.log_dir) / "predictions.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            pd.DataFrame({k: v.cpu().numpy() for k, v in events.items()}).to_csv(path, index=False)
        return events

    def configure_optimizers(self) -> Any:
        """AdamW with linear warm-up and cosine decay by step."""
        optimizer = torch.optim.AdamW(
            self.parameters(), lr=self.learning_rate, weight_decay=self.weight_decay
        )
        steps = max(int(self.trainer.estimated_stepping_batches), 1)
        rise = max(round(self.warmup * steps), 1)

        def factor(step: int) -> float:
            if step < rise:
                return (step + 1) / rise
            return 0.5 * (1.0 + float(np.cos(np.pi * min((step - rise) / max(steps - rise, 1), 1))))

        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse weights that were trained on events selected or scaled in another way."""
        theirs = checkpoint["hyper_parameters"]["scaling"]
        for name, mine in self.hparams["scaling"].items():
            if not np.isclose(theirs[name], mine, rtol=1e-6):
                raise InputError(
                    f"the checkpoint was trained with {name} = {theirs[name]:g}, the data have "
                    f"{mine:g}: use the catalog it was trained on, or train anew"
                )

    def _losses(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Negative log-likelihood per event of the times, and of the magnitudes."""
        n = max(batch.n_events, 1)
        logs = log_likelihoods(self.net, batch)
        return -logs.times / n, -logs.magnitudes.sum() / n

    def _exact_net(self) -> RecastNet:
        return copy.deepcopy(self.net).double().eval()
