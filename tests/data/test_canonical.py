from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Context, Decimal

import numpy as np
import pytest

from regbench.data import Table, digest
from regbench.data.canonical import canonical, exact_digest, rounded
from tests.made import data_samples


def decimally(number: float) -> float:
    """13 and then 9 digits, half to even, by exact decimals."""
    result = Decimal(number)
    for digits in (13, 9):
        result = Context(prec=digits, rounding=ROUND_HALF_EVEN, Emin=-99999, Emax=99999).plus(result)
    return float(result) + 0.0


def hard_numbers() -> np.ndarray:
    draw = np.random.default_rng(0)
    scales = 10.0 ** draw.integers(-300, 300, 4000)
    halves = (draw.integers(10**8, 10**9, 4000) + 0.5) * 10.0 ** draw.integers(-8, 9, 4000)
    powers = np.array([10.0**p for p in range(-307, 308)])
    odd = np.array(
        [0.0, -0.0, 5e-324, 1.7976931348623157e308, 0.99999999999995, 9.9999999995, 123456789.5, 123456790.5]
    )
    around = [powers, np.nextafter(powers, 0), np.nextafter(powers, np.inf)]
    numbers = np.concatenate([draw.standard_normal(4000) * scales, halves, *around, odd])
    return np.concatenate([numbers, -numbers])


def test_rounding_is_exact_decimal_rounding_of_every_double():
    numbers = hard_numbers()
    assert rounded(numbers).tolist() == [decimally(float(number)) for number in numbers]


def test_rounding_twice_changes_nothing():
    once = rounded(hard_numbers())
    assert np.array_equal(rounded(once), once)


def test_minus_zero_is_zero():
    assert not np.signbit(rounded(np.array([-0.0, 0.0]))).any()


def test_the_digest_does_not_see_the_fifteenth_digit():
    table = data_samples.table(50)
    shaken = replace(table, x=table.x * (1 + 4e-15), y=table.y * (1 - 4e-15))
    assert digest(shaken) == digest(table)


@pytest.mark.parametrize("change", ["a value", "the order of rows", "the order of columns", "a target"])
def test_the_digest_sees(change):
    table = data_samples.table(50)
    x, y = table.x.copy(), table.y.copy()
    match change:
        case "a value":
            x[3, 2] *= 1 + 1e-8
        case "the order of rows":
            x, y = x[::-1], y[::-1]
        case "the order of columns":
            x = x[:, ::-1]
        case "a target":
            y[0, 0] += 1e-8
    assert digest(replace(table, x=x, y=y)) != digest(table)


def test_the_digest_of_a_small_table_is_the_same_on_every_platform():
    table = Table(x=np.array([[0.1 + 0.2, -0.0], [1e22, 41 * 0.24]]), y=np.array([[1.0], [2.5]]))
    assert digest(table) == "sha256:9483454d922f9a632daf591cc74b7e259c16847c537c84c66d5e767d593fa308"


def test_a_canonical_table_is_its_own_canonical_form():
    table = canonical(data_samples.table(20))
    assert exact_digest(table) == digest(table)


def test_pictures_have_a_digest_with_their_split():
    table = data_samples.images()
    assert digest(table) != digest(replace(table, parts=(30, 20, 10)))
