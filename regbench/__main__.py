"""`regbench`, and `python -m regbench`: start the command line. Ctrl-C while it is imported is no traceback either."""

import sys

INTERRUPTED = 130


def main() -> int:
    """Run the command of `sys.argv` and return its exit code."""
    try:
        return _imported()()
    except KeyboardInterrupt:
        return _say()


def _imported():
    """The command line. Nothing has begun yet, so Ctrl-C ends the process at once.

    An exception would not do: extension modules that are being imported print it, or replace it with their own.
    """
    import os
    import signal

    def leave(*_: object) -> None:
        os._exit(_say())

    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:  # such as ignored, in the background of a script
        from regbench.cli.main import main as run

        return run
    signal.signal(signal.SIGINT, leave)
    try:
        from regbench.cli.main import main as run
    finally:
        signal.signal(signal.SIGINT, before)
    return run


def _say() -> int:
    sys.stderr.write("regbench: interrupted\n")
    sys.stderr.flush()
    return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
