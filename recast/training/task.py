"""Training of the neural model: loss, optimiser, logging, and which checkpoints fit."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import pandas as pd
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from catalogs import InputError
from catalogs.files import write_whole
from recast.net.network import RecastNet, log_likelihoods
from recast.net.promises import check_decoder
from recast.net.regional import of_weights
from recast.net.scaling import Scaling
from recast.pretrained import load_weights, read_net, seen
from recast.pretrained.checkpoints import read_checkpoint, unreadable
from recast.pretrained.hyper_parameters import all_settings
from recast.training.codes import with_inferred_code
from recast.training.data import CatalogData
from recast.training.going_on import GoesOn
from recast.training.windows import RegionBatch

CODE_SPEED = 4.0
"""Factor of the learning rate for the code of a region that a pretrained net doesn't know
(experiments/README.md, "Many regions")."""


class RecastTask(lightning.LightningModule):
    """Minimise the exact negative log-likelihood per event over windows of the train sequence.

    Parameters
    ----------
    scalings : dict
        Fields of ``recast.net.scaling.Scaling`` by region: plain numbers, so that checkpoints load
        with ``weights_only=True``. The command line takes them from the data. All regions share the
        net's weights.
    trained_on : dict
        Time and place of the training windows by region: the fields of
        ``catalogs.checks.extent.Extent``. They are kept in checkpoints, with those of
        ``pretrained``, so that a net is not tested on what it has seen. The command line takes them
        from the data.
    decoder : str
        hazard (what ETAS misses) or weibull (RECAST as published), see ``RecastNet``; or one that
        another package adds (``recast.net.architectures``).
    hidden_size, width : int
        GRU units; units of the modulating net or components of the mixture.
    dropout : float
        Dropout of the context.
    recurrent_dropout : float
        Share of the encoder's hidden-to-hidden weights that each step drops.
    unknown : float
        Share of the training steps on several regions in which the net is not told the region, so
        that it also serves regions that it doesn't know.
    code_prior : float
        Half the precision of a zero-mean normal prior of the numbers c of a region's code that
        change weights: code_prior sum c^2 / N is added to the loss per event of a region of N
        training events, so that regions of few events change little.
    learning_rate, weight_decay, warmup : float
        Settings of AdamW; the rate rises over a fraction ``warmup`` of all steps, then falls as a
        cosine.
    pretrained : str, optional
        Start from the net of this checkpoint, or from the one in the package ("shipped"); decoder,
        hidden_size and width must be those of that net.
    fine_tuning : float
        With ``pretrained``, factor of the learning rate. The code of a region that the net doesn't
        know starts at what its train window says (``recast.training.codes``), and learns at
        ``CODE_SPEED`` times the learning rate.
    frozen : list of str
        Parts of the net that are not trained: encoder, hazard, weibull, magnitude.

    Raises
    ------
    InputError
        If a number is out of range, a part is unknown, or the pretrained net is of another shape.

    References
    ----------
    Dascher-Cousineau, K., Shchur, O., Brodsky, E. E. and Günnemann, S. (2023). Using deep learning
    for flexible and scalable earthquake forecasting. Geophys. Res. Lett. 50, e2023GL103909.
    doi:10.1029/2023GL103909

    Examples
    --------
    >>> from recast import CatalogData
    >>> data = CatalogData("ridgecrest_2019")
    >>> task = RecastTask(data.scalings, data.trained_on)
    >>> batch = next(iter(data.val_dataloader()))
    >>> loss_of_times, loss_of_magnitudes = task.losses(batch, known=0)
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
                raise InputError(f"model.{name} = {share} must lie in [0, 1)")
        if not 0.0 <= warmup <= 1.0:
            raise InputError(f"model.warmup = {warmup} must lie in [0, 1]")
        for name, value in (("weight_decay", weight_decay), ("code_prior", code_prior)):
            if not value >= 0.0:
                raise InputError(f"model.{name} = {value} must not be negative")
        for name, value in (
            ("hidden_size", hidden_size),
            ("width", width),
            ("learning_rate", learning_rate),
            ("fine_tuning", fine_tuning),
        ):
            if not value > 0:
                raise InputError(f"model.{name} = {value} must be positive")
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
        self.to_infer: list[int] = []
        """Regions that the pretrained net does not know."""
        if pretrained is not None:
            knows = load_weights(self.net, self.regions, pretrained)
            self.to_infer = [i for i, known in enumerate(knows) if not known]
            before = {name: extent.to_json() for name, extent in seen(pretrained).items()}
            self.hparams["trained_on"] = {**before, **(trained_on or {})}
            self.learning_rate *= fine_tuning
            self.code_rate *= fine_tuning if all(knows) else CODE_SPEED
        self._freeze(frozen)
        self.unknown, self.code_prior = unknown, code_prior
        self.weight_decay = weight_decay
        self.warmup = warmup

    @classmethod
    def load_from_checkpoint(  # type: ignore[override]  # Lightning's imports what files name
        cls, checkpoint_path: str | PathLike[str], **settings: Any
    ) -> RecastTask:
        """Load a task with the weights of a checkpoint; its hyper-parameters are checked.

        Parameters
        ----------
        checkpoint_path : path
            The checkpoint.
        **settings
            Parameters of the class, instead of those in the file.

        Returns
        -------
        RecastTask
            On the CPU.

        Raises
        ------
        InputError
            If the file cannot be read, or a hyper-parameter is of another type or out of range.
        """
        path = Path(checkpoint_path)
        task = cls(**{**all_settings(path), **settings})
        try:
            task.load_state_dict(read_checkpoint(path)["state_dict"])
        except RuntimeError as error:  # of another shape
            raise unreadable(path, error) from error
        return task

    def infer_codes(self, data: CatalogData) -> None:
        """Start the codes of regions that the pretrained net does not know at the most probable.

        They are inferred once, before the first step of a training: a second call does nothing.

        Parameters
        ----------
        data : CatalogData
            The regions, in the order of this task's.
        """
        for i in self.to_infer:
            net = read_net(self.hparams["pretrained"], self.regions[i])
            net = with_inferred_code(net, data.regions[i].split.train, gaps=data.gaps_of(i))
            if net.region is not None:
                with torch.no_grad():
                    self.net.codes[i] = net.code
        self.to_infer = []

    def on_train_start(self) -> None:
        """Infer the codes of new regions, unless training is resumed."""
        data = getattr(self.trainer, "datamodule", None)
        if self.global_step == 0 and isinstance(data, CatalogData):
            self.infer_codes(data)

    def _freeze(self, parts: Sequence[str]) -> None:
        for name in parts:
            part = dict(self.net.named_children()).get(name)
            if part is None or name == "dropout":
                known = sorted(name for name, _ in self.net.named_children() if name != "dropout")
                raise InputError(f"model.frozen: no part {name!r}: choose from {', '.join(known)}")
            part.requires_grad_(requires_grad=False)

    def training_step(self, windows: RegionBatch, number: int) -> Tensor:
        """Negative log-likelihood per event of a batch of windows, with the prior of the code."""
        if number == 0:
            self._check_decoder(windows)
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

    def validation_step(self, windows: RegionBatch, number: int) -> None:
        """Log the same for the validation windows; every region has equal weight."""
        if number == 0:
            self._check_decoder(windows)
        times, magnitudes = self.losses(windows, windows.region)
        self._check_finite(times + magnitudes, "validation loss")
        times, magnitudes = times * windows.share, magnitudes * windows.share
        if len(self.regions) > 1:
            self.log(f"val/nll/{self.region_names[windows.region]}", times, batch_size=1)
        times, magnitudes = times * windows.balance, magnitudes * windows.balance
        # Lightning averages batches by size; with size 1 and these weights regions are equal
        self.log("val/nll", times, batch_size=1, prog_bar=True, sync_dist=True)
        self.log("val/nll_magnitude", magnitudes, batch_size=1, sync_dist=True)

    def test_step(self, whole: RegionBatch, _: int) -> None:
        """Score each full test sequence in float64: nats, nats per event and NLL per day."""
        self._check_decoder(whole)
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
        """Compute log intensity and compensator increment of each scored event; write a CSV."""
        self._check_decoder(whole)
        net, batch = self._exact_net(whole.region), whole.batch
        distribution = net(batch)
        begun = distribution.cumulative_hazard(batch.elapsed[batch.scored])
        x = batch.inter_times[batch.scored]
        lost = torch.zeros_like(begun)
        for gap in batch.gaps[batch.scored].unbind(dim=-2):
            begin, end = (distribution.cumulative_hazard(edge) for edge in gap.unbind(dim=-1))
            lost = lost + (end - begin)
        days = net.scaling.clock.days(batch.inter_times[0].cumsum(0)[batch.scored[0]].cpu().numpy())
        columns = {
            "days": torch.from_numpy(days),
            "magnitude": batch.magnitudes[batch.scored],
            "log_intensity": distribution.log_hazard(x) + batch.log_pace[batch.scored],
            "compensator_increment": distribution.cumulative_hazard(x) - begun - lost,
        }
        observed = batch.observed[batch.scored]
        events = {name: value[observed.to(value.device)] for name, value in columns.items()}
        if self.trainer.log_dir is not None and self.trainer.is_global_zero:
            place = f"_{self.region_names[whole.region]}" if len(self.regions) > 1 else ""
            path = Path(self.trainer.log_dir) / f"predictions{place}.csv"
            table = pd.DataFrame({name: value.cpu().numpy() for name, value in events.items()})
            write_whole(path, table.to_csv(index=False).encode())
        return events

    def configure_callbacks(self) -> list[Callback]:
        """What makes a resumed training end with the same weights, with any trainer."""
        return [GoesOn()]

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
        """Refuse weights that were trained on events selected or scaled differently.

        Raises
        ------
        InputError
            If the catalogs or their scalings differ.
        """
        theirs, mine = checkpoint["hyper_parameters"]["scalings"], self.hparams["scalings"]
        if list(theirs) != list(mine):
            raise InputError(
                f"the checkpoint was trained on {', '.join(theirs)}, the data are "
                f"{', '.join(mine)}: use the catalogs it was trained on, or train again"
            )
        for region, scaling in mine.items():
            for name, value in scaling.items():
                was = theirs[region][name]
                if np.shape(was) != np.shape(value) or not np.allclose(was, value, rtol=1e-6):
                    raise InputError(
                        f"the checkpoint was trained with {name} = {was}, the data of {region} "
                        f"have {value}: use the catalog it was trained on, or train again"
                    )

    def losses(self, windows: RegionBatch, known: int | None) -> tuple[Tensor, Tensor]:
        """Negative log-likelihood per event of a batch of windows.

        Parameters
        ----------
        windows : RegionBatch
            Windows of one region.
        known : int or None
            Region whose code the net reads; None for no code.

        Returns
        -------
        tensor, tensor
            Of the times and of the magnitudes, nats, scalars.
        """
        n = max(windows.batch.n_events, 1)
        net = self.net.on(self.regions[windows.region], known)
        logs = log_likelihoods(net, windows.batch)
        return -logs.times / n, -logs.magnitudes.sum() / n

    def _check_decoder(self, windows: RegionBatch) -> None:
        """Stop where a decoder of another package gives losses or scores that mean nothing."""
        check_decoder(self.net.on(self.regions[windows.region], windows.region), windows.batch)

    def _check_finite(self, loss: Tensor, name: str) -> None:
        """Stop before weights that are not finite get into a checkpoint."""
        if not torch.isfinite(loss):
            raise InputError(
                f"the {name} is {float(loss.detach())} at step {self.global_step}: lower "
                f"model.learning_rate (now {self.learning_rate:g}); the best checkpoint is kept"
            )

    def _exact_net(self, region: int) -> RecastNet:
        return copy.deepcopy(self.net).double().eval().on(self.regions[region], region)
