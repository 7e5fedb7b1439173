"""The loop of ``pratique watch``: looks, compares, tells, waits; stops when it is told to."""

from __future__ import annotations

import signal
import sys
from threading import Event as Flag
from typing import TYPE_CHECKING

from pratique.graph.options import opened
from pratique.model.errors import ExitCode, PratiqueError
from pratique.store.locks import BusyError
from pratique.watch.options import configured, terms_of, told

if TYPE_CHECKING:
    from argparse import Namespace
    from types import FrameType

    from pratique.store.engine import Store


def watch(options: Namespace) -> int:
    """Look again and again, until ``SIGTERM`` or ``SIGINT``; what is begun is finished first.

    A look that fails is told on standard error, and the next one tries again: nothing
    is lost by it, since a run that fails has changed nothing.

    Args:
        options: Of the command.
    """
    stop = Flag()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with opened(options, create=True) as store:
            _say(f"watching the record of {options.tenant}")
            while not stop.is_set():
                _look(store, options, stop)
                stop.wait(options.interval)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    _say("stopped")
    return ExitCode.CLEAN


def _look(store: Store, options: Namespace, stop: Flag) -> None:
    from pratique.watch.sending import router, send_due
    from pratique.watch.service import rematch

    try:
        # Both are read anew: an update of either needs no restart.
        configuration, terms = configured(options), terms_of(options)
        done = rematch(store, options.tenant, terms, route=router(configuration, terms.now))
        if done.events or done.first:
            _say(f"{len(done.events)} changes in {done.places} places")
        if configuration is not None and not stop.is_set():
            sent = send_due(store, options.tenant, configuration, terms.now, pause=stop.wait)
            for line in (*told(sent), *sent.errors):
                _say(line)
    except BusyError:
        return  # somebody ran it by hand; the next look sees what is left
    except PratiqueError as error:
        _say(f"error: {error}")


def _say(line: str) -> None:
    sys.stderr.write(f"pratique watch: {line}\n")
    sys.stderr.flush()
