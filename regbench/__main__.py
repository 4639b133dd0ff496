"""`regbench`, and `python -m regbench`: start the command line. Ctrl-C while it is imported is no traceback either."""

import gc
import signal
import sys

from regbench import _leave

YOUNG = 50_000  # new objects after which Python looks for garbage, instead of 700: modules and their classes are none


def main() -> int:
    """Run the command of `sys.argv` and return its exit code."""
    came = []
    gc.set_threshold(YOUNG)

    def interrupt(*_: object) -> None:
        came.append(True)
        raise KeyboardInterrupt

    try:
        from regbench.cli.main import main as run

        if signal.getsignal(signal.SIGINT) is _leave:
            signal.signal(signal.SIGINT, interrupt)  # from here on, results are kept
        return run()
    except KeyboardInterrupt:
        pass
    except Exception:  # a library that a command was importing may make another error of it
        if not came:
            raise
    sys.stderr.write("regbench: interrupted\n")
    return 130


if __name__ == "__main__":
    sys.exit(main())
