"""The encoder's recurrent dropout: which weights it leaves out, and when."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from recast.net.encoder import GRUEncoder, paper_inputs, unit_free_inputs
from recast.net.scaling import Scaling

SCALING = Scaling(0.5, 2.4, 2.0, 1.0, 9.0, 0.5, 0.01, 1.0, 0.01, 1.1)


def test_features_are_those_of_their_formulas() -> None:
    """Zero for an event of the mean inter-event time, excess of magnitude and expected number."""
    beta, mean = SCALING.b * np.log(10.0), SCALING.mean_inter_time
    tau = torch.tensor([mean, np.e * mean], dtype=torch.float64)
    m = torch.tensor([2.0 + 1.0 / beta, 2.0 + 3.0 / beta], dtype=torch.float64)
    expected = torch.tensor([1.0, np.exp(-2.0)], dtype=torch.float64)
    found = unit_free_inputs(SCALING, tau, m, expected)
    by_hand = torch.tensor([[0.0, 0.0, 0.0], [1.0, 2.0, -2.0]], dtype=torch.float64)
    torch.testing.assert_close(found, by_hand, rtol=0.0, atol=1e-12)
    published = paper_inputs(SCALING, tau, torch.tensor([2.4, 3.0]).double(), expected)
    by_hand = torch.tensor([[0.0, 0.0], [1.0, 0.6]], dtype=torch.float64)
    torch.testing.assert_close(published, by_hand, rtol=0.0, atol=1e-6)


def encoder(recurrent_dropout: float) -> GRUEncoder:
    torch.manual_seed(0)
    return GRUEncoder(
        paper_inputs, input_size=2, hidden_size=6, recurrent_dropout=recurrent_dropout
    ).double()


def contexts(encoder: GRUEncoder, n: int = 20) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    tau = torch.rand(1, n, generator=generator, dtype=torch.float64)
    out: torch.Tensor = encoder(SCALING, tau, 2.0 + tau, tau, torch.zeros(0, dtype=torch.float64))
    return out


def test_a_step_leaves_out_recurrent_weights_for_the_whole_sequence() -> None:
    # p = 1/2 of torch's dropout: each weight is absent, or doubled, throughout the sequence
    net = encoder(0.5)
    torch.manual_seed(3)
    dropped = contexts(net)
    torch.manual_seed(3)
    kept = torch.nn.functional.dropout(torch.ones_like(net.gru.weight_hh_l0), 0.5)
    by_hand = copy.deepcopy(net).eval()
    with torch.no_grad():
        by_hand.gru.weight_hh_l0.mul_(kept)
    assert set(kept.unique().tolist()) == {0.0, 2.0}
    torch.testing.assert_close(dropped, contexts(by_hand))
    assert not torch.allclose(dropped, contexts(net.eval()))


def test_a_context_knows_the_events_before_its_interval_and_no_other() -> None:
    net, none = encoder(0.0).eval(), torch.zeros(0, dtype=torch.float64)
    tau = torch.linspace(0.1, 2.0, 20, dtype=torch.float64)[None]
    other = tau.clone()
    other[:, 7] *= 3.0
    before, after = (net(SCALING, x, 2.0 + x, x, none)[0] for x in (tau, other))
    torch.testing.assert_close(before[:8], after[:8], rtol=0.0, atol=0.0)
    assert ((before[8:] - after[8:]).abs().sum(dim=1) > 0.0).all()
    assert (before[0] == 0.0).all()


def test_it_is_off_outside_training_and_leaves_no_trace() -> None:
    net, without = encoder(0.5), encoder(0.0)
    contexts(net)  # a training step, whose weights are gone afterwards
    torch.testing.assert_close(contexts(net.eval()), contexts(without), rtol=0.0, atol=0.0)


def test_all_weights_learn() -> None:
    net = encoder(0.5)
    for _ in range(20):
        contexts(net)[0, -1].sum().backward()  # gradients add up over steps
    assert net.gru.weight_hh_l0.grad is not None
    assert (net.gru.weight_hh_l0.grad != 0.0).all()


def test_threads_share_an_encoder() -> None:
    # The weights of a region are nowhere but in the call: no thread computes with another's
    shared = GRUEncoder(paper_inputs, input_size=2, hidden_size=6, code_size=4).double()
    tau = torch.rand(1, 300, dtype=torch.float64)
    codes = [torch.full((4,), float(i), dtype=torch.float64) for i in range(1, 9)]
    before = copy.deepcopy(shared.state_dict())

    def score(code: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            out: torch.Tensor = shared(SCALING, tau, tau, tau, code)
            return out

    alone = [score(code) for code in codes]
    with ThreadPoolExecutor(len(codes)) as pool:
        together = [out for _ in range(20) for out in pool.map(score, codes)]
    assert all(map(torch.equal, together, 20 * alone))
    assert all(map(torch.equal, shared.state_dict().values(), before.values()))
