"""``pratique notify test|status|retry``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pratique.graph.options import add_store, opened, show
from pratique.model.command import Command
from pratique.model.errors import ExitCode, PratiqueError, UsageError
from pratique.watch.options import add_notify, configured, told

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from datetime import datetime

    from pratique.watch.models import Event


def _add_channel(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--channel", action="append", default=[], metavar="NAME", help="these alone; repeatable"
    )
    add_notify(parser)
    add_store(parser)


def _now() -> datetime:
    from pratique.sources.clock import now

    return now()


def _run_test(options: Namespace) -> int:
    from pratique.watch.channels import Message, deliver

    found = configured(options, needed=True)
    assert found is not None
    names = options.channel or sorted(found.channels)
    if unknown := set(names) - set(found.channels):
        known = ", ".join(sorted(found.channels))
        raise UsageError(f"there is no channel {min(unknown)!r}.", remedy=f"There are: {known}.")
    moment = _now()
    key = f"test-{int(moment.timestamp())}"
    results = {}
    for name in names:
        message = Message(f"{key}-{name}", options.tenant, (_trial(options.tenant, moment),))
        try:
            deliver(found.channels[name], message, moment)
        except PratiqueError as error:
            results[name] = str(error)
        else:
            results[name] = ""
    rows = [("channel", "result"), *((name, error or "sent") for name, error in results.items())]
    answer = {"channels": [{"channel": name, "error": error} for name, error in results.items()]}
    show(options, "pratique/notify-test/1", "notify test", answer, rows)
    return ExitCode.UPSTREAM if any(results.values()) else ExitCode.CLEAN


def _trial(tenant: str, moment: datetime) -> Event:
    from pratique.formats.instants import write_instant
    from pratique.watch.models import Cause, Event, Kind

    return Event(
        id=f"test-{int(moment.timestamp())}",
        at=write_instant(moment),
        tenant=tenant,
        kind=Kind.NEW,
        product="a trial",
        version="",
        environments=(),
        owners=(),
        package="pkg:generic/nothing@0",
        vulnerability="TEST-0",
        title="This message says that you would be told; nothing was found.",
        path=("a trial", "pkg:generic/nothing@0"),
        cause=Cause(kind="advisory", id="TEST-0", detail="pratique notify test"),
    )


def _run_status(options: Namespace) -> int:
    from pratique.store.outbox import FAILED, standing

    found = configured(options)
    with opened(options) as store:
        rows = standing(store, options.tenant)
    known = set(found.channels) if found else None
    table: list[tuple[str, ...]] = [("channel", "state", "changes", "next", "error")]
    for one in rows:
        lost = known is not None and one.channel not in known and one.state != "sent"
        error = "no such channel in the configuration" if lost else one.error
        waits = one.next[:16] if one.state == "waiting" else "-"
        table.append((one.channel, one.state, str(one.count), waits, error or "-"))
    answer = {
        "deliveries": [{name: getattr(one, name) for name in one.__struct_fields__} for one in rows]
    }
    if rows or options.format == "json":
        show(options, "pratique/notify-status/1", "notify status", answer, table)
    else:
        sys.stdout.write("Nobody was to be told anything yet.\n")
    return ExitCode.UPSTREAM if any(one.state == FAILED for one in rows) else ExitCode.CLEAN


def _run_retry(options: Namespace) -> int:
    from pratique.store.outbox import retry as again
    from pratique.watch.sending import send_due

    found = configured(options, needed=True)
    assert found is not None
    with opened(options) as store:
        count = again(store, options.tenant, _now(), options.channel)
        sent = send_due(store, options.tenant, found, _now())
    if options.format == "json":
        import msgspec

        answer = {"retried": count, "sent": msgspec.to_builtins(sent)}
        show(options, "pratique/notify-retry/1", "notify retry", answer, [])
    else:
        sys.stdout.write(f"{count} to be tried again.\n")
        for line in told(sent):
            sys.stdout.write(line + "\n")
    for error in sent.errors:
        sys.stderr.write(f"warning: {error}\n")
    return ExitCode.UPSTREAM if sent.errors else ExitCode.CLEAN


test = Command(
    description="Send a message over each channel that says that it is a trial.",
    configure=_add_channel,
    run=_run_test,
    epilogue="""\
examples:
  pratique notify test --notify notify.yaml

  # notify.yaml
  channels:
    soc:
      type: webhook                # or slack, email, file
      url: https://soc.example.test/pratique
      secret: {env: SOC_SECRET}
    log:
      type: file
      path: events.jsonl
  routes:
    - to: soc                      # at once
      kinds: [malicious, exploited]
    - to: log
      severity: high               # that, or worse
      digest: 1d                   # one message a day
""",
)


def _configure_status(parser: ArgumentParser) -> None:
    add_notify(parser)
    add_store(parser)


status = Command(
    description="Say what was told over which channel, what waits, and what could not be told. "
    "Exit code 4: something could not.",
    configure=_configure_status,
    run=_run_status,
)
retry = Command(
    description="Try again, now, what could not be told or waits to be tried again.",
    configure=_add_channel,
    run=_run_retry,
)
