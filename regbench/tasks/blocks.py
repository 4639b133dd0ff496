"""How many rows are evaluated at once."""

EVALUATED_ROWS = 1024  # rows per block of an evaluation: enough to be fast, few enough to stay in cache
MAPS = 8  # images of a block whose targets are maps: their features are many times larger than the images
MOST_VALUES = 2**24  # input values of a block: 64 MB in single precision, which 111 images of 224 x 224 fill


def rows_at_once(values: int) -> int:
    """Rows of a block, given the input values of a row.

    >>> rows_at_once(3 * 28 * 28), rows_at_once(3 * 224 * 224)
    (1024, 111)
    """
    return max(1, min(EVALUATED_ROWS, MOST_VALUES // values))
