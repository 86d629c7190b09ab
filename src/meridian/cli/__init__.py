"""The command `meridian`: thin; parses, calls, prints. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Entry point: known errors in one message on stderr and exit 1, wrong usage 2, Ctrl-C 130."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; prints every message itself."""
    from meridian.cli.app import app

    try:
        app(args=arguments, prog_name="meridian")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except KeyboardInterrupt:
        print("meridian: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): nothing to say, and nobody to say it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        return _failed(error)
    return 0


_WRONG_USAGE = frozenset({"UsageError", "UnknownEnvironmentError"})


def _failed(error: Exception) -> int:
    if os.environ.get("MERIDIAN_DEBUG"):
        import traceback

        traceback.print_exc()
    kind = type(error)
    if kind.__module__.startswith("meridian."):
        print(f"meridian: {error}", file=sys.stderr)
        return 2 if kind.__name__ in _WRONG_USAGE else 1
    if isinstance(error, OSError) and error.filename is not None:
        reason = (error.strerror or kind.__name__).lower()
        print(
            f"meridian: {error.filename}: {reason}; fix: make it readable and writable for this user, "
            "and see that the disk is not full",
            file=sys.stderr,
        )
        return 1
    print(f"meridian: unexpected {kind.__name__}: {error} (MERIDIAN_DEBUG=1 shows where)", file=sys.stderr)
    return 1
