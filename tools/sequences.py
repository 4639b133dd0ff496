"""How often `run --until-decided` finds a winner without a difference: `python -m tools.sequences [COUNT]`.

From the root of the repository; by default 2,000 simulated sequences of each size. Datasets have unlike noise, fourfold
from the least to the most, and unlike costs; seeds are added where they take most from the interval per second. In the
column `naively` each look has the interval of a single one. With five datasets or fewer a comparison is of these
datasets' own mean.
"""

import sys

from tests.made.sequences import false_verdicts

PER_DATASET = 10  # pairs of seeds that are planned, besides those at the first look


def main() -> None:
    """Print a line for each number of datasets and of seeds at the first look."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    print("spread  datasets  seeds  false winners  naively")
    for between in (0.0, 1.0):
        for datasets in (1, 2, 4, 8, 12):
            for seeds in (3, 5):
                given = {"datasets": datasets, "seeds": seeds, "pairs": PER_DATASET * datasets, "count": count}
                found, naive = (false_verdicts(**given, between=between, correct=correct) for correct in (True, False))
                print(
                    f"{between:>6g} {datasets:>9} {seeds:>6} {found.winners:>14.2%} {naive.winners:>8.2%}", flush=True
                )
    print("difference in units of the noise  datasets  found  pairs used of those planned")
    for shift in (0.1, 0.2, 0.5, 1.0):
        for datasets in (4, 8):
            most = (5 + PER_DATASET) * datasets
            found = false_verdicts(
                datasets=datasets, seeds=5, pairs=PER_DATASET * datasets, shift=shift, count=count // 4
            )
            print(f"{shift:>32g} {datasets:>9} {found.winners:>6.1%} {found.pairs / most:>28.0%}", flush=True)


if __name__ == "__main__":
    main()
