"""What the published README says of stage 1 and of ties between centres, on the datasets where they are here."""

from pathlib import Path

import pytest
import torch

from regbench import catalog
from regbench.data import loading
from regbench.data.preparation import prepare
from regbench.methods.shared import autoencoder
from regbench.methods.shared.centres import grid
from regbench.methods.shared.encoder import affine_soft_bins, autoencoding, log_affine

README = Path(__file__).parents[2] / "results" / "published" / "bridges" / "README.md"
SAID = " ".join(README.read_text(encoding="utf-8").split())
ALPHA = 1e-6


def targets(name: str) -> torch.Tensor:
    """The scaled training targets (N, 1) of a dataset; skips the test where it is not on this machine."""
    dataset = catalog.load("datasets", name)
    if not loading.is_here(dataset, name):
        pytest.skip(f"{name} is not here")
    return torch.from_numpy(prepare(loading.load(dataset, name)).y_train)


@pytest.mark.slow
def test_stage_1_stops_where_the_readme_says(monkeypatch: pytest.MonkeyPatch) -> None:
    y_N1 = targets("cpu_act").double()
    centres = grid(y_N1, 5)
    start = {**affine_soft_bins(centres.c, 0.5 * centres.delta), "mu": centres.c}

    def objective(found: dict[str, torch.Tensor]) -> str:
        psi = log_affine(y_N1, found["w_lin"], found["w_bias"])
        return f"{autoencoding(y_N1, psi, found['mu'], ALPHA).mean():.2e}"

    stopped = autoencoder.fit(y_N1, centres.c, 0.5 * centres.delta, alpha=ALPHA)
    assert f"an objective of {objective(stopped)}, of {objective(start)} at the start" in SAID
    monkeypatch.setattr(autoencoder, "RELATIVE_DESCENT", autoencoder.RELATIVE_DESCENT / 1000)
    longer = autoencoder.fit(y_N1, centres.c, 0.5 * centres.delta, alpha=ALPHA, steps=20_000)
    assert f"with a thousandth of that tolerance it ends at {objective(longer)}" in SAID


@pytest.mark.slow
@pytest.mark.parametrize(("name", "place"), [("retinamnist", "RetinaMNIST (322 of"), ("ailerons", "AE (913 of")])
def test_as_many_targets_lie_midway_between_two_centres_as_the_readme_says(name: str, place: str) -> None:
    y_N1 = targets(name)
    assert f"{place} {len(y_N1):,}" in SAID
    midway = {k: int(_gap(y_N1, k).sum()) for k in (5, 15, 25)}
    assert midway == {5: 0, 15: int(place.partition("(")[2].split()[0]), 25: 0}


def _gap(y_N1: torch.Tensor, k: int) -> torch.Tensor:
    """Whether the two nearest centres are equally far, but for rounding: (N,)."""
    distance_NK = (y_N1.double() - torch.linspace(0, 1, k, dtype=torch.float64)).abs().sort(-1).values
    return distance_NK[:, 1] - distance_NK[:, 0] < 1e-6
