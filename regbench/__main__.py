"""`regbench`, and `python -m regbench`: start the command line. Ctrl-C while it is imported is no traceback either."""

import sys


def main() -> int:
    """Run the command of `sys.argv` and return its exit code."""
    try:
        from regbench.cli.main import main as run

        return run()
    except KeyboardInterrupt:
        sys.stderr.write("regbench: interrupted\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
