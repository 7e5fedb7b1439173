"""Runs a command and turns whatever happens into one line and an exit code."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from pratique.model.errors import ExitCode, PratiqueError

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 and the signal's number."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the program; no traceback reaches the user.

    Set ``PRATIQUE_DEBUG=1`` to see the traceback of a defect on standard error.

    Args:
        arguments: Without the program's name; those of the process by default.

    Returns:
        The exit code.
    """
    from pratique.surfaces.cli.app import dispatch

    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = dispatch(words)
        sys.stdout.flush()
    except SystemExit as done:  # argparse leaves after --help and --version
        return done.code if isinstance(done.code, int) else ExitCode.CLEAN
    except PratiqueError as error:
        return _say(error.message, error.remedy, _code(error, error.exit_code, words))
    except BrokenPipeError:
        # The reader of our output went away (``| head``): nothing is left to say to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.CLEAN
    except PermissionError as error:
        if not error.filename:
            return _defect(error)
        remedy = "Run it as somebody who may, or name something else."
        code = _code(error, ExitCode.INCOMPLETE, words)
        return _say(f"{error.filename}: permission denied.", remedy, code)
    except KeyboardInterrupt:
        return _say("interrupted.", "", INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - the one place where every defect ends
        return _defect(error)
    return int(code)


def _code(error: Exception, code: ExitCode, words: Sequence[str]) -> ExitCode:
    """What was typed and cannot be read is wrong usage; what was found, incomplete evidence."""
    if code is ExitCode.INCOMPLETE:
        from pratique.surfaces.cli.typed import is_typed

        if is_typed(error, words):
            return ExitCode.USAGE
    return code


def _say(message: str, remedy: str, code: int) -> int:
    text = f"pratique: {message}"
    sys.stderr.write(f"{text} {remedy}\n" if remedy else f"{text}\n")
    return int(code)


def _defect(error: Exception) -> int:
    from pratique.surfaces.cli.crash import write_report

    if os.environ.get("PRATIQUE_DEBUG"):
        sys.excepthook(type(error), error, error.__traceback__)
    place = write_report(error)
    detail = f"The details are in {place}; please report them." if place else ""
    return _say(f"a defect in the program: {type(error).__name__}.", detail, ExitCode.INTERNAL)
