"""Training of the neural model: loss, optimiser, what is logged, and what a checkpoint must fit."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import pandas as pd
import torch
from torch import Tensor

from catalogs import InputError
from catalogs.files import write_whole
from recast.net.network import RecastNet, log_likelihoods
from recast.net.regional import of_weights
from recast.net.scaling import Scaling
from recast.pretrained import load_weights, seen
from recast.training.windows import RegionBatch

CODE_SPEED = 4.0
"""Of the learning rate, for the code of a region that a pretrained net doesn't know
(experiments/README.md, "Many regions")."""


class RecastTask(lightning.LightningModule):
    """Minimise the exact negative log-likelihood per event over windows of the train sequence.

    Parameters
    ----------
    scalings : dict
        By region, the fields of ``recast.net.scaling.Scaling``: plain numbers, so that checkpoints
        load with ``weights_only=True``. Taken from the data by the command line. All regions share
        the net's weights.
    trained_on : dict
        By region, the fields of the ``catalogs.Extent`` of its training windows: kept in
        checkpoints, with those of ``pretrained``, so that a net is not tested on what it has seen.
        Taken from the data.
    decoder : str
        hazard (what ETAS misses) or weibull (RECAST as published), see ``RecastNet``; or one that
        another package adds (``recast.net.architectures``).
    hidden_size, width : int
        GRU units; units of the modulating net or components of the mixture.
    dropout : float
        On the context.
    recurrent_dropout : float
        Share of the encoder's hidden-to-hidden weights that each step leaves out.
    unknown : float
        Share of the training steps on several regions in which the net is not told which one it is,
        as it must serve regions that it doesn't know.
    code_prior : float
        Half the precision of a normal prior with mean 0 of the numbers c of a region's code that
        change weights: code_prior sum c^2 / N is added to the loss per event of a region of N
        training events, so that those of few events change little.
    learning_rate, weight_decay, warmup : float
        AdamW; the rate rises over a fraction ``warmup`` of all steps, then falls as a cosine.
    pretrained : str, optional
        Start from the net of this checkpoint, or of the package where it is "shipped"
        (``recast.pretrained``); decoder, hidden_size and width must be its own.
    fine_tuning : float
        With ``pretrained``, the learning rate is multiplied by this, but for the codes of regions
        that the net doesn't know: they have all to learn, at ``CODE_SPEED`` times the rate.
    frozen : list of str
        Parts of the net that are not trained: encoder, hazard, weibull, magnitude.

    Raises
    ------
    InputError
        If a number is out of range, a part is unknown, or the pretrained net is of another shape.
    """

    def __init__(
        self,
        scalings: dict[str, dict[str, Any]],
        trained_on: dict[str, dict[str, Any]] | None = None,
        decoder: str = "hazard",
        hidden_size: int = 32,
        width: int = 32,
        dropout: float = 0.2,
        recurrent_dropout: float = 0.3,
        unknown: float = 0.2,
        code_prior: float = 250.0,
        learning_rate: float = 5e-3,
        weight_decay: float = 1e-2,
        warmup: float = 0.05,
        pretrained: str | None = None,
        fine_tuning: float = 0.5,
        frozen: Sequence[str] = (),
    ) -> None:
        super().__init__()
        for name, share in (
            ("dropout", dropout),
            ("recurrent_dropout", recurrent_dropout),
            ("unknown", unknown),
        ):
            if not 0.0 <= share < 1.0:
                raise InputError(f"model.{name} = {share}: it must lie in [0, 1)")
        if not 0.0 <= warmup <= 1.0:
            raise InputError(f"model.warmup = {warmup}: it must lie in [0, 1]")
        for name, value in (("weight_decay", weight_decay), ("code_prior", code_prior)):
            if not value >= 0.0:
                raise InputError(f"model.{name} = {value}: it must not be negative")
        for name, value in (
            ("hidden_size", hidden_size),
            ("width", width),
            ("learning_rate", learning_rate),
            ("fine_tuning", fine_tuning),
        ):
            if not value > 0:
                raise InputError(f"model.{name} = {value}: it must be positive")
        self.save_hyperparameters()
        self.region_names = list(scalings)
        self.regions = [Scaling(**scaling) for scaling in scalings.values()]
        self.net = RecastNet(
            self.regions[0],
            decoder=decoder,
            hidden_size=hidden_size,
            width=width,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            n_regions=len(self.regions),
        )
        self.learning_rate, self.code_rate = learning_rate, learning_rate
        if pretrained is not None:
            knows = load_weights(self.net, self.regions, pretrained)
            before = {name: extent.to_json() for name, extent in seen(pretrained).items()}
            self.hparams["trained_on"] = {**before, **(trained_on or {})}
            self.learning_rate *= fine_tuning
            self.code_rate *= fine_tuning if all(knows) else CODE_SPEED
        self._freeze(frozen)
        self.unknown, self.code_prior = unknown, code_prior
        self.weight_decay = weight_decay
        self.warmup = warmup

    def _freeze(self, parts: Sequence[str]) -> None:
        for name in parts:
            part = dict(self.net.named_children()).get(name)
            if part is None or name == "dropout":
                known = sorted(name for name, _ in self.net.named_children() if name != "dropout")
                raise InputError(f"model.frozen: no part {name!r}: choose from {', '.join(known)}")
            part.requires_grad_(requires_grad=False)

    def training_step(self, windows: RegionBatch, _: int) -> Tensor:
        """Negative log-likelihood per event of a batch of windows."""
        told = windows.named
        if len(self.regions) > 1:
            told = float(torch.rand(())) >= self.unknown and told
        times, magnitudes = self.losses(windows, windows.region if told else None)
        loss = times + magnitudes if self.net.magnitude is not None else times
        if told:
            changes = of_weights(self.net.codes[windows.region])
            loss = loss + self.code_prior * changes.square().sum() / windows.n_train
        self._check_finite(loss, "loss")
        self.log(
            "train/nll",
            times,
            batch_size=windows.batch.n_events,
            on_step=False,
            on_epoch=True,
            sync_dist=True,
        )
        return loss

    def validation_step(self, windows: RegionBatch, _: int) -> None:
        """The same on windows of the validation sequences; every region counts alike."""
        times, magnitudes = self.losses(windows, windows.region)
        self._check_finite(times + magnitudes, "validation loss")
        if len(self.regions) > 1:
            self.log(f"val/nll/{self.region_names[windows.region]}", times, batch_size=1)
        # Lightning's mean over batches weighs them by size: regions would not count alike
        self.log("val/nll", times, batch_size=1, prog_bar=True, sync_dist=True)
        self.log("val/nll_magnitude", magnitudes, batch_size=1, sync_dist=True)

    def test_step(self, whole: RegionBatch, _: int) -> None:
        """Score each whole test sequence in float64: nats, nats per event and NLL per day."""
        batch = whole.batch
        logs = log_likelihoods(self._exact_net(whole.region), batch)
        total = float(logs.times)
        place = f"/{self.region_names[whole.region]}" if len(self.regions) > 1 else ""
        self.log_dict(
            {
                f"test{place}/magnitude_nats_per_event": float(logs.magnitudes.mean()),
                f"test{place}/log_likelihood": total,
                f"test{place}/nats_per_event": total / batch.n_events,
                f"test{place}/nll_per_day": -total / batch.scored_days,
            },
            batch_size=1,
        )

    def predict_step(self, whole: RegionBatch, _: int) -> dict[str, Tensor]:
        """Log intensity and compensator increment at each scored event, written as CSV."""
        net, batch = self._exact_net(whole.region), whole.batch
        distribution = net(batch)
        begun = distribution.cumulative_hazard(batch.elapsed[batch.scored])
        x = batch.inter_times[batch.scored]
        days = net.scaling.clock.days(batch.inter_times[0].cumsum(0)[batch.scored[0]].cpu().numpy())
        columns = {
            "days": torch.from_numpy(days),
            "magnitude": batch.magnitudes[batch.scored],
            "log_intensity": distribution.log_hazard(x) + batch.log_pace[batch.scored],
            "compensator_increment": distribution.cumulative_hazard(x) - begun,
        }
        observed = batch.observed[batch.scored]
        events = {name: value[observed.to(value.device)] for name, value in columns.items()}
        if self.trainer.log_dir is not None and self.trainer.is_global_zero:
            place = f"_{self.region_names[whole.region]}" if len(self.regions) > 1 else ""
            path = Path(self.trainer.log_dir) / f"predictions{place}.csv"
            table = pd.DataFrame({name: value.cpu().numpy() for name, value in events.items()})
            write_whole(path, table.to_csv(index=False).encode())
        return events

    def configure_optimizers(self) -> Any:
        """AdamW with linear warm-up and cosine decay by step."""
        trained = {name: p for name, p in self.net.named_parameters() if p.requires_grad}
        groups = []
        if self.code_rate != self.learning_rate and "codes" in trained:
            groups = [{"params": [trained.pop("codes")], "lr": self.code_rate}]
        groups += [{"params": [*trained.values()], "lr": self.learning_rate}]
        optimizer = torch.optim.AdamW(groups, weight_decay=self.weight_decay)
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
        theirs, mine = checkpoint["hyper_parameters"]["scalings"], self.hparams["scalings"]
        if list(theirs) != list(mine):
            raise InputError(
                f"the checkpoint was trained on {', '.join(theirs)}, the data are of "
                f"{', '.join(mine)}: use the catalogs it was trained on, or train anew"
            )
        for region, scaling in mine.items():
            for name, value in scaling.items():
                was = theirs[region][name]
                if np.shape(was) != np.shape(value) or not np.allclose(was, value, rtol=1e-6):
                    raise InputError(
                        f"the checkpoint was trained with {name} = {was}, the data of {region} "
                        f"have {value}: use the catalog it was trained on, or train anew"
                    )

    def losses(self, windows: RegionBatch, known: int | None) -> tuple[Tensor, Tensor]:
        """Negative log-likelihood per event of the times, and of the magnitudes.

        ``known`` is the region whose code the net reads, if any.
        """
        n = max(windows.batch.n_events, 1)
        net = self.net.on(self.regions[windows.region], known)
        logs = log_likelihoods(net, windows.batch)
        return -logs.times / n, -logs.magnitudes.sum() / n

    def _check_finite(self, loss: Tensor, name: str) -> None:
        """Stop before a checkpoint is made of weights that are no numbers."""
        if not torch.isfinite(loss):
            raise InputError(
                f"the {name} is {float(loss.detach())} at step {self.global_step}: lower "
                f"model.learning_rate (now {self.learning_rate:g}); the best checkpoint is kept"
            )

    def _exact_net(self, region: int) -> RecastNet:
        return copy.deepcopy(self.net).double().eval().on(self.regions[region], region)
