"""How often a comparison is wrong: `python -m tools.calibration [COUNT]`, by default 10,000 simulations of each size.

From the root of the repository. The noise of one seed is as large as the spread of datasets, in the last rows there is
no such spread. With five datasets a comparison is of these datasets' own mean.
"""

import sys

from tests.made.simulated import all_hold, rates


def main() -> None:
    """Print a line for each shape of differences and each number of datasets and seeds."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    print("shape        spread  datasets  seeds  false winners  chance beyond .975 or .025  half-width / true error")
    for shape, between in [("normal", 1.0), ("skewed", 1.0), ("very skewed", 1.0), ("normal", 0.0)]:
        for datasets in (5, 6, 8, 12, 21):
            for seeds in (3, 5, 10):
                found = rates(shape, datasets=datasets, seeds=seeds, between=between, count=count)
                line = f"{shape:<12} {between:>6g} {datasets:>9} {seeds:>6} {found.winners:>14.2%}"
                print(f"{line} {found.extreme:>27.2%} {found.width:>24.2f}", flush=True)
    print("datasets  seeds  intervals of all datasets hold at once")
    for datasets in (5, 8, 21):
        for seeds in (3, 5, 10):
            held = all_hold(datasets=datasets, seeds=seeds, count=count // 4)
            print(f"{datasets:>8} {seeds:>6} {held:>39.2%}", flush=True)


if __name__ == "__main__":
    main()
