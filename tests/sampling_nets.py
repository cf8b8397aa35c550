"""Nets away from where training starts, and a history, for the tests of sampling."""

import numpy as np
import torch

from catalogs import EventSequence, Trajectories
from recast.models.neural import Recast
from recast.net.network import RecastNet
from recast.net.scaling import Scaling

# A branching ratio of 0.3: the perturbed net below must not explode
SCALING = Scaling(0.3, 2.4, 2.0, 1.0, 7.0, mu=2.0, k=0.015, alpha=0.6, c=0.02, p=1.2)
LAW = SCALING.magnitude_law
EMPTY = EventSequence.nothing()


def make_net(decoder: str, *, hidden_size: int = 7, width: int = 5) -> RecastNet:
    """Away from where training starts, with sizes that no vector register divides."""
    torch.manual_seed(4)
    net = RecastNet(SCALING, decoder=decoder, hidden_size=hidden_size, width=width)
    for parameter in net.parameters():
        parameter.data.add_(0.15 * torch.randn_like(parameter))
    return net.double().eval().requires_grad_(requires_grad=False)


NETS: dict[str, RecastNet] = {"hazard": make_net("hazard"), "weibull": make_net("weibull")}


def make_history() -> EventSequence:
    rng = np.random.default_rng(8)
    times = np.cumsum(10.0 ** rng.uniform(-3, 0.3, 150))
    return EventSequence(times, LAW.sample(150, rng), 0.0, times[-1] + 0.05)


def draw(net: RecastNet, history: EventSequence, days: float, n: int, seed: int) -> Trajectories:
    return Recast(net).simulate(history, days, n, seed=seed)
