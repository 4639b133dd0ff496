"""`python -m regbench` is `regbench`."""

import sys

from regbench.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
