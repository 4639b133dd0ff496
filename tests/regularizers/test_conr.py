"""The contrastive regularizer: its value on a few rows by hand, and what does not count."""

import math

import pytest
import torch

from regbench.types import Params
from tests.regularizers.samples import batch, hparams, load, static

Z = [[1.0, 0], [0.6, 0.8], [0, 1.0], [-1.0, 0]]


def term(y, predicted, z=Z, **changed):
    regularizer = load("conr")
    column = [torch.tensor(each).double()[:, None] for each in (y, predicted)]
    seen = batch(torch.tensor(z).double(), column[0])._replace(prediction=column[1])
    assert regularizer.loss
    chosen = {"weight": 1, "omega": 0.1, "temperature": 0.5, "push": 2.0} | changed
    values = hparams(regularizer, torch.float64, **chosen)
    return regularizer.loss(Params(), seen, values, static(regularizer))


def test_the_term_of_four_rows_by_hand():
    """Rows 0 and 1 are positives of each other; row 2 is predicted like row 0, and row 3 like none."""
    positive, negative = math.exp(0.6 / 0.5), math.exp(2 * 0.5 + 0 / 0.5)
    expected = -math.log(positive / (positive + negative)) / 4  # of anchor 0; row 1 has no negative, 2 no positive
    assert term([0, 0.05, 0.5, 1], [0, 0.3, 0.05, 0.9]).item() == pytest.approx(expected)


def test_a_wrong_neighbour_is_pushed_the_harder_the_further_its_target():
    near, far = (term([0, 0.05, y, 1], [0, 0.3, 0.05, 0.9]) for y in (0.3, 0.6))
    assert far > near
    same = [term([0, 0.05, y, 1], [0, 0.3, 0.05, 0.9], push=0.0) for y in (0.3, 0.6)]
    assert same[0] == same[1]


def test_without_positives_or_without_negatives_it_is_zero():
    assert term([0, 0.3, 0.6, 0.9], [0, 0, 0, 0]) == 0
    assert term([0, 0.02, 0.6, 0.62], [0, 0.3, 0.6, 0.9]) == 0
