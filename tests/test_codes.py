"""The code of a region that a net has not seen."""

import copy
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from catalogs import EventSequence, InputError, load
from etas.synthetic import SOCAL_TRUTH
from recast.evaluation import score
from recast.models.kind import Task
from recast.models.neural import Recast
from recast.models.registry import model_kind
from recast.net.network import RecastNet
from recast.net.scaling import Scaling
from recast.pretrained import SHIPPED, read_net
from recast.training import codes
from recast.training.codes import spread_of_codes, with_inferred_code
from recast.training.data import CatalogData
from recast.training.region import Region
from recast.training.trainer import train


@pytest.fixture(scope="module")
def region() -> Region:
    return Region(load("ridgecrest_2019"), pretrained=SHIPPED)


@pytest.fixture(scope="module")
def net(region: Region) -> RecastNet:
    return read_net(SHIPPED, region.scaling)


def with_code(net: RecastNet, code: torch.Tensor) -> Recast:
    view = copy.deepcopy(net).on(net.scaling, 0)
    view.codes = torch.nn.Parameter(code.reshape(1, -1))
    return Recast(view)


def objective(net: RecastNet, train: EventSequence, code: torch.Tensor) -> float:
    """What the code is to make as large as possible, from whole sequences in double precision."""
    spread = spread_of_codes(net)
    assert spread is not None
    weight = min(1.0, train.n_scored / 8000)
    penalty = 0.5 * float((code / spread).square().sum())
    return weight * with_code(net, code).log_likelihood(train) - penalty


def test_the_prior_has_the_spread_of_the_regions_with_a_code(region: Region) -> None:
    net = RecastNet(region.scaling, n_regions=4).on(region.scaling)
    with torch.no_grad():  # the last region has none
        net.codes[:3, :8] = torch.tensor([[3.0], [-4.0], [5.0]])
        net.codes[:3, 8:] = torch.tensor([[0.1], [0.1], [-0.1]])
    spread = spread_of_codes(net)
    assert spread is not None
    torch.testing.assert_close(spread[:8], torch.full((8,), (50.0 / 3.0) ** 0.5))
    torch.testing.assert_close(spread[8:], torch.full((8,), 0.1))


def test_the_code_is_the_most_probable(net: RecastNet, region: Region) -> None:
    train_window = region.split.train
    code = with_inferred_code(net, train_window).code.detach()
    spread = spread_of_codes(net)
    assert spread is not None
    best = objective(net, train_window, code)
    assert best > objective(net, train_window, torch.zeros(16))
    rng = np.random.default_rng(0)
    for _ in range(8):  # there is nothing better beside it
        step = torch.from_numpy(rng.normal(size=16)).float()
        away = 0.3 * spread * step / step.norm()
        assert objective(net, train_window, code + away) < best + 1e-3


def test_a_region_like_one_of_the_net_gets_its_code(net: RecastNet) -> None:
    """What the code of the region explains, the one inferred from 4,000 events explains for the
    most part: it is held near zero."""
    net = net.on(Scaling.of(load("synthetic_socal"), SOCAL_TRUTH))
    truth = 2.0 * net.codes[2].detach()
    (drawn,) = with_code(net, truth).sample(EventSequence.nothing(), 1000.0, 1, seed=1)
    assert 3000 < drawn.times.size < 30_000
    half = float(np.median(drawn.times))
    first = EventSequence(
        *(x[drawn.times < half] for x in (drawn.times, drawn.magnitudes)), 0, half
    )
    second = EventSequence(drawn.times, drawn.magnitudes, 0.0, float(drawn.end), score_from=half)
    inferred = Recast(with_inferred_code(net, first))
    scores = [
        score(process, second).nats_per_event
        for process in (with_code(net, torch.zeros(16)), inferred, with_code(net, truth))
    ]
    assert scores[1] - scores[0] > 0.4 * (scores[2] - scores[0]) > 0.0


def test_few_events_hardly_move_it(net: RecastNet, region: Region) -> None:
    train_window = region.split.train
    few = train_window.before(float(train_window.times[60]))
    sizes = [float(with_inferred_code(net, window).code.norm()) for window in (few, train_window)]
    assert sizes[0] < 0.5 * sizes[1]


def test_it_is_the_same_each_time(net: RecastNet, region: Region) -> None:
    once, again = (with_inferred_code(net, region.split.train).code for _ in range(2))
    assert torch.equal(once, again)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_it_is_found_whether_gradients_are_on_or_not(mode: type, region: Region) -> None:
    right = with_inferred_code(read_net(SHIPPED, region.scaling), region.split.train).code
    with mode():
        found = with_inferred_code(read_net(SHIPPED, region.scaling), region.split.train)
        assert torch.equal(found.code, right)
    assert not found.codes.is_inference()


def test_periods_that_are_left_out_are_not_looked_at(
    net: RecastNet, region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[int] = []
    real = codes.Windows.starting_at

    def starting_at(windows: codes.Windows, starts: Sequence[int]) -> object:
        looked_at.extend(starts)
        return real(windows, starts)

    monkeypatch.setattr(codes.Windows, "starting_at", starting_at)
    train_window = region.split.train
    late = float(train_window.times[-20])
    with_inferred_code(net, train_window, gaps=[(late, train_window.end)])
    assert looked_at
    ends = [min(start + codes.WINDOW, len(train_window)) - 1 for start in looked_at]
    assert train_window.times[ends].max() < late
    looked_at.clear()
    monkeypatch.setattr(codes, "MOST_EVENTS", 100)
    with_inferred_code(net, train_window)
    assert min(looked_at) == len(train_window) + 1 - 100  # of many events the latest
    with pytest.raises(InputError, match="no training window"):
        with_inferred_code(net, train_window, gaps=[(0.0, train_window.end)])


def test_a_net_that_knows_the_region_or_few_regions_is_left_as_it_is(
    net: RecastNet, region: Region
) -> None:
    window = region.split.train
    known = net.on(net.scaling, 0)
    assert with_inferred_code(known, window) is known
    plain = RecastNet(region.scaling, decoder="weibull").on(region.scaling)
    assert with_inferred_code(plain, window) is plain
    two = RecastNet(region.scaling, n_regions=2).on(region.scaling)
    torch.nn.init.ones_(two.codes)
    assert with_inferred_code(two, window) is two


def test_zero_shot_says_how_many_numbers_it_has_fitted(region: Region, tmp_path: Path) -> None:
    fitted = model_kind("recast-zero-shot").fit(Task(region.catalog, tmp_path))
    assert fitted.n_parameters == 5 + 16


def test_fine_tuning_starts_at_the_code(region: Region, tmp_path: Path) -> None:
    model = {"pretrained": SHIPPED, "learning_rate": 1e-9}
    data = CatalogData.of(region, steps_per_epoch=1)
    trained = train(data, tmp_path, seed=0, model=model, max_epochs=1)
    tuned = Recast.load(trained.checkpoint).net
    inferred = with_inferred_code(read_net(SHIPPED, region.scaling), region.split.train)
    assert isinstance(tuned, RecastNet)
    torch.testing.assert_close(tuned.code.float(), inferred.code, atol=1e-6, rtol=0.0)
    assert float(inferred.code.abs().max()) > 1e-3
