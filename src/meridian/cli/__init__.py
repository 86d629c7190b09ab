"""The command `meridian`: thin; parses, calls, prints. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import errno
import gc
import os
import sys


def main() -> None:
    """Entry point: known errors in one message on stderr and exit 1, wrong usage 2, Ctrl-C 130."""
    # A plan is a million objects that live until the command ends: looking for garbage among them took a fifth of its time.
    gc.set_threshold(100_000, 20, 20)
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
_IN_THE_WAY = "move away what stands there under this name or a part of it"
_FIXES = {
    errno.ENOENT: "put it back (`git status` tells what is gone from the checkout), or name what exists",
    errno.ENOTDIR: _IN_THE_WAY,
    errno.EEXIST: _IN_THE_WAY,
    errno.EISDIR: _IN_THE_WAY,
    errno.ENOSPC: "free space on its disk",
}


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
        fix = _FIXES.get(error.errno or 0, "see that this user may read and write it")
        print(f"meridian: {error.filename}: {reason}; fix: {fix}", file=sys.stderr)
        return 1
    print(f"meridian: unexpected {kind.__name__}: {error} (MERIDIAN_DEBUG=1 shows where)", file=sys.stderr)
    return 1
