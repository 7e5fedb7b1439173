"""``pratique rematch``, ``pratique watch`` and ``pratique events list``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from pratique.advisories.options import add_advisories
from pratique.graph.options import add_store, opened, say_unknown, show
from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError
from pratique.watch.models import Kind
from pratique.watch.options import add_notify, configured, terms_of, told

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from pratique.watch.models import Event
    from pratique.watch.sending import Sent
    from pratique.watch.service import Outcome

MAX_LISTED = 10_000
"""Events that a table or one JSON document lists; JSON Lines have no such limit."""


# rematch


def _configure(parser: ArgumentParser) -> None:
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--since-last",
        action="store_true",
        help="only what came in since the last run, as by default; an error where there was none",
    )
    how.add_argument("--whole", action="store_true", help="hold everything anew")
    add_advisories(parser)
    add_notify(parser)
    add_store(parser)


def _run(options: Namespace) -> int:
    from pratique.watch.sending import Sent, router, send_due
    from pratique.watch.service import rematch

    configuration = configured(options)
    terms = terms_of(options)
    with opened(options) as store:
        if options.since_last:
            _needs_a_run(store, options.tenant)
        done = rematch(
            store,
            options.tenant,
            terms,
            whole=options.whole,
            route=router(configuration, terms.now),
        )
        sent = (
            send_due(store, options.tenant, configuration, terms.now) if configuration else Sent()
        )
    _show(options, done, sent)
    if sent.errors:
        return ExitCode.UPSTREAM
    return ExitCode.INCOMPLETE if done.undetermined or done.problems else ExitCode.CLEAN


def _needs_a_run(store: Any, tenant: str) -> None:
    from pratique.store.watching import open_watched

    with open_watched(store, tenant) as watched:
        if watched.state() is None:
            raise UsageError(
                "there was no run before.", remedy="Begin with 'pratique rematch' alone."
            )


def _show(options: Namespace, done: Outcome, sent: Sent) -> None:
    import msgspec

    answer = {
        **{name: getattr(done, name) for name in done.__struct_fields__ if name != "events"},
        "events": [msgspec.to_builtins(one) for one in done.events],
        "sent": msgspec.to_builtins(sent),
    }
    if options.format == "json":
        show(options, "pratique/rematch/1", "rematch", answer, [])
        return
    if done.events:
        show(options, "", "", {}, _rows(done.events))
    elif done.first:
        sys.stdout.write(f"Begun with {done.places} products in their environments.\n")
    else:
        sys.stdout.write("Nothing has changed.\n")
    for line in _summary(done):
        sys.stdout.write(line + "\n")
    say_unknown(done.problems)
    for line in told(sent):
        sys.stdout.write(line + "\n")
    for error in sent.errors:
        sys.stderr.write(f"warning: {error}\n")


def _summary(done: Outcome) -> Iterator[str]:
    what = f"{done.packages} of {done.known} packages asked about, {done.bills} new bills"
    yield f"{what}: everything, since {done.why_whole}." if done.whole else f"{what}."
    if done.undetermined:
        yield f"Of {done.undetermined} packages the advisories cannot tell."
    if done.kept:
        yield f"{done.kept} vulnerabilities are kept, since it cannot be told that they are gone."


def _rows(events: Sequence[Event]) -> list[tuple[str, ...]]:
    headings = ("kind", "severity", "vulnerability", "product", "environments", "team", "package",
                "change", "cause")  # fmt: skip
    return [
        headings,
        *(
            (
                one.kind.value,
                one.severity.value,
                one.vulnerability,
                f"{one.product} {one.version}".strip(),
                ", ".join(one.environments) or "-",
                ", ".join(one.owners) or "-",
                one.package,
                f"{one.before or '-'} -> {one.after or '-'}" if one.before or one.after else "-",
                f"{one.cause.kind} {one.cause.id[:40]}",
            )
            for one in events[:MAX_LISTED]
        ),
    ]


rematch = Command(
    description="Hold the newest bills of all products against the advisories, those that were "
    "ingested, the scans, the VEX statements and the judgements of the record, where something "
    "came in since last time; keep what changed as events with their causes, and tell who is to be "
    "told. The first run begins from what it finds, without events. Exit code 3: of some packages "
    "the advisories cannot tell; 4: somebody could not be told.",
    configure=_configure,
    run=_run,
    epilogue="""\
examples:
  pratique advisories update && pratique rematch --notify notify.yaml
  pratique rematch --whole --format json
""",
)


# watch


def _configure_watch(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--interval",
        type=_seconds,
        default=60.0,
        metavar="SECONDS",
        help="between looks at the record and the advisories (default: 60)",
    )
    add_advisories(parser)
    add_notify(parser)
    add_store(parser)


def _seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0.05 <= found <= 86_400:
        raise UsageError(f"{text!r} is no number of seconds from 0.05 to 86400.")
    return found


def _run_watch(options: Namespace) -> int:
    from pratique.watch.loop import watch as loop

    configured(options)  # what is wrong with it is said before anything is begun
    return loop(options)


watch = Command(
    description="Run 'pratique rematch' whenever the record, the advisories or an expiry give "
    "cause, and tell who is to be told, until the process is told to stop. One process for each "
    "tenant.",
    configure=_configure_watch,
    run=_run_watch,
)


# events


def _configure_events(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--since", type=_moment, metavar="TIME", help="2026-01-31, 2026-01-31T12:00:00Z, or 7d"
    )
    for name, text in (("team", "whose product it is"), ("product", "patterns with * and ?")):
        parser.add_argument(
            f"--{name}", action="append", default=[], metavar="NAME", help=f"{text}; repeatable"
        )
    parser.add_argument(
        "--kind",
        action="append",
        default=[],
        choices=[kind.value for kind in Kind],
        metavar="KIND",
        help=f"{', '.join(Kind)}; repeatable",
    )
    add_store(parser)
    action = next(one for one in parser._actions if one.dest == "format")  # noqa: SLF001 - argparse has no other way to add a choice
    action.choices = ("table", "json", "jsonl")


def _moment(text: str) -> datetime:
    from datetime import UTC, datetime, timedelta

    from pratique.formats.instants import parse_instant
    from pratique.sources.clock import now

    if text.endswith("d") and text[:-1].isdecimal() and len(text) < 6:
        return now() - timedelta(days=int(text[:-1]))
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        found = parse_instant(text)
    if found is None:
        raise UsageError(f"{text!r} is no date or time.", remedy="Write 2026-01-31, or 7d.")
    return found


def _run_events(options: Namespace) -> int:
    with opened(options) as store:
        found = _chosen(store, options)
        if options.format == "jsonl":
            import msgspec

            for one in found:
                sys.stdout.write(msgspec.json.encode(one).decode() + "\n")
            return ExitCode.CLEAN
        rows = list(found)
    if options.format == "json":
        import msgspec

        answer = {"events": [msgspec.to_builtins(one) for one in rows]}
        show(options, "pratique/events/1", "events", answer, [])
    elif rows:
        headings, *table = _rows(rows)
        moments = [("at", *headings)]
        moments += [(one.at[:16], *row) for one, row in zip(rows, table, strict=False)]
        show(options, "", "", {}, moments)
    else:
        sys.stdout.write("There are no such events.\n")
    return ExitCode.CLEAN


def _chosen(store: Any, options: Namespace) -> Iterator[Event]:
    from fnmatch import fnmatchcase

    import msgspec

    from pratique.store.watching import events
    from pratique.watch.models import Event

    decode = msgspec.json.Decoder(Event).decode
    for body in events(store, options.tenant, since=options.since, kinds=options.kind):
        one = decode(body)
        if options.team and set(options.team).isdisjoint(one.owners):
            continue
        if options.product and not any(fnmatchcase(one.product, g) for g in options.product):
            continue
        yield one


events = Command(
    description="List what changed, oldest first: findings that are new or gone, whose severity, "
    "exploitation, fix or status is another, each with its cause.",
    configure=_configure_events,
    run=_run_events,
    epilogue="""\
examples:
  pratique events list --since 7d --team payments
  pratique events list --kind malicious --kind exploited --format jsonl
""",
)
