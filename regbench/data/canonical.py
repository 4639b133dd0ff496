"""The canonical form of a table, which does not depend on the source it came from, and its digest.

Sources agree to a relative precision of about 5e-15: CSV, ARFF and recomputed files differ in the 15th digit. Every
number is therefore rounded to 13 significant digits, which removes these differences, and then to 9, both times half to
even, in decimal. The result is the double nearest to a decimal number of 9 digits, so its bits are the same on every
platform.
"""

import hashlib
import json
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Context, Decimal

import numpy as np
from numpy.typing import NDArray

from regbench.data.table import Float64, Table

FIRST_DIGITS, LAST_DIGITS = 13, 9
EXACT_POWER = 22  # 10.0 ** 22 is the last power of ten that a double holds exactly
DECIMAL_CONTEXT = Context(prec=FIRST_DIGITS, rounding=ROUND_HALF_EVEN, Emin=-999999, Emax=999999)


def canonical(table: Table) -> Table:
    """The table with every number rounded; images hold whole numbers already."""
    x = table.x if table.is_image else rounded(table.x)
    return replace(table, x=x, y=rounded(table.y))


def digest(table: Table) -> str:
    """Digest of the table's content: shapes, official split and rounded numbers, but not the names of columns."""
    return exact_digest(canonical(table))


def exact_digest(table: Table) -> str:
    """`digest` of a table that is already canonical: a hash of its bytes, without rounding."""
    head = {"x": table.x.shape, "y": table.y.shape, "kind": table.x.dtype.name, "parts": table.parts}
    content = hashlib.sha256(f"regbench table 1 {json.dumps(head, sort_keys=True)}\n".encode())
    for values in (table.x, table.y):
        content.update(np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<")).tobytes())
    return f"sha256:{content.hexdigest()}"


def rounded(values: NDArray[np.generic]) -> Float64:
    """Each number to 13 and then to 9 significant digits, half to even; -0 becomes 0.

    >>> rounded(np.array([0.1 + 0.2, -0.0, 41 * 0.24, 1234567890.5])).tolist()
    [0.3, 0.0, 9.84, 1234567890.0]
    """
    numbers = np.asarray(values, dtype=np.float64)
    result = np.zeros(numbers.shape)
    inside = numbers != 0
    mantissa, exponent = _decimal(np.abs(numbers[inside]))
    quotient, remainder = np.divmod(mantissa, 10 ** (FIRST_DIGITS - LAST_DIGITS))
    half = 10 ** (FIRST_DIGITS - LAST_DIGITS) // 2
    quotient += (remainder > half) | ((remainder == half) & (quotient % 2 == 1))
    result[inside] = np.copysign(_nearest_double(quotient, exponent - LAST_DIGITS + 1), numbers[inside])
    return result


def _decimal(numbers: Float64) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positive numbers as mantissa * 10 ** (exponent - 12), the mantissa rounded to a whole number of 13 digits.

    The product in floating point is off by less than 0.003 (two roundings of relative size 2 ** -53, at most 1e13),
    so it decides every case except those near a half, which exact decimal arithmetic decides.
    """
    exponent = np.floor(np.log10(numbers)).astype(np.int64)
    scaled = _scaled(numbers, exponent)
    exponent += (scaled >= 10.0**FIRST_DIGITS).astype(np.int64) - (scaled < 10.0 ** (FIRST_DIGITS - 1))
    scaled = _scaled(numbers, exponent)
    mantissa = np.rint(scaled).astype(np.int64)
    unsure = (np.abs(scaled - np.floor(scaled) - 0.5) < 0.01) | (np.abs(exponent) > 250)
    for i in np.flatnonzero(unsure):
        mantissa[i], exponent[i] = _exact_decimal(float(numbers[i]))
    return mantissa, exponent


def _scaled(numbers: Float64, exponent: NDArray[np.int64]) -> Float64:
    """The product numbers * 10 ** (12 - exponent), from the nearest double to that power by one rounded operation."""
    power = FIRST_DIGITS - 1 - exponent
    table = np.array([float(f"1e{p}") for p in range(309)])
    size = table[np.minimum(np.abs(power), 308)]
    with np.errstate(over="ignore", under="ignore"):  # the largest and smallest doubles go through exact decimals
        return np.where(power >= 0, numbers * size, numbers / size)


def _exact_decimal(number: float) -> tuple[int, int]:
    """Mantissa of 13 digits and exponent of one number, by exact decimal arithmetic."""
    sign_digits_exponent = DECIMAL_CONTEXT.plus(Decimal(number)).as_tuple()
    digits = "".join(map(str, sign_digits_exponent.digits))
    exponent = int(sign_digits_exponent.exponent) + len(digits) - 1
    return int(digits.ljust(FIRST_DIGITS, "0")), exponent


def _nearest_double(mantissa: NDArray[np.int64], power: NDArray[np.int64]) -> Float64:
    """The double nearest to mantissa * 10 ** power: one operation on exact numbers, or Python's own reading."""
    table = np.array([float(f"1e{p}") for p in range(EXACT_POWER + 1)])
    size = table[np.minimum(np.abs(power), EXACT_POWER)]
    result = np.where(power >= 0, mantissa * size, mantissa / size)
    for i in np.flatnonzero(np.abs(power) > EXACT_POWER):
        result[i] = float(f"{mantissa[i]}e{power[i]}")
    return result
