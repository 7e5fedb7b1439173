"""``pratique policy decide``, ``replay`` and ``waivers``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.model.command import Command
from pratique.model.errors import ExitCode
from pratique.model.options import add_format
from pratique.policy.options import (
    POLICY,
    add_adoption,
    add_at,
    add_scope,
    add_waivers,
    as_json,
    facts_of,
    load,
    out,
    waivers_of,
)

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from pratique.model.decision import Decision, Verdict
    from pratique.policy.waivers import Waivers


def _configure_decide(parser: ArgumentParser) -> None:
    parser.add_argument("policy", help=POLICY)
    parser.add_argument("facts", help="facts: JSON, an array, or JSON lines; - for standard input")
    add_waivers(parser)
    add_scope(parser)
    add_at(parser)
    parser.add_argument(
        "--record",
        type=Path,
        metavar="FILE",
        help="write what 'pratique policy replay' needs into a new file",
    )
    parser.add_argument("--by", default="", metavar="NAME", help="who decides, for the record")
    add_format(parser, "jsonl")


def _run_decide(options: Namespace) -> int:
    from pratique.model.decision import Circumstances
    from pratique.policy import files, text
    from pratique.policy.findings import waiver_findings
    from pratique.policy.records import record
    from pratique.policy.service import DECIDED_BY, decide_many

    loaded = load(options.policy)
    waivers = waivers_of(options.waivers, options)
    now = files.moment(options.at)
    where = Circumstances(team=options.team, environment=options.environment)
    facts, bad = facts_of(options.facts)
    decisions = list(
        decide_many(loaded, facts, waivers, now, where, decided_by=options.by or DECIDED_BY)
    )
    if options.record:
        lines = record(loaded, zip(facts, decisions, strict=True), waivers)
        files.write_new(options.record, b"".join(lines).decode())
    for finding in waiver_findings(waivers, now):
        sys.stderr.write(f"{finding.title}\n")
    if options.format == "table":
        for one in decisions:
            out(text.decision(one))
        out([text.summary(one.verdict.value for one in decisions)])
    else:
        _print_decisions(decisions, options.format)
    return _exit_code((one.verdict for one in decisions), bad)


def _print_decisions(decisions: list[Decision], format: str) -> None:
    import msgspec

    if format == "json":
        as_json("decisions", {"decisions": decisions})
        return
    for one in decisions:
        sys.stdout.write(msgspec.json.encode(one).decode() + "\n")


def _exit_code(verdicts: Iterable[Verdict], bad: int) -> int:
    from pratique.model.decision import Verdict

    found = set(verdicts)
    if found - {Verdict.ADMIT, Verdict.UNKNOWN}:
        return ExitCode.FINDINGS
    return ExitCode.INCOMPLETE if bad or Verdict.UNKNOWN in found or not found else ExitCode.CLEAN


def _configure_replay(parser: ArgumentParser) -> None:
    parser.add_argument("record", help="what --record of 'policy decide' wrote; - for stdin")
    parser.add_argument("--policy", metavar="POLICY", help="decide by this instead of the recorded")
    add_format(parser)


def _run_replay(options: Namespace) -> int:
    from pratique.policy import files
    from pratique.policy.records import replay_all

    other = load(options.policy) if options.policy else None
    data = files.read(options.record, files.MAX_FACTS_BYTES)
    answers = list(replay_all(data.splitlines(), options.record, other))
    if options.format == "json":
        as_json("policy-replay", {"decisions": answers})
    else:
        for one in answers:
            if one.error:
                out([one.error])
            elif not one.same:
                out([f"line {one.line}: {one.subject}", *(f"  {d}" for d in one.differences)])
        same = sum(one.same for one in answers)
        out([f"{same} of {len(answers)} decisions are the same"])
    if any(not one.same and not one.error for one in answers):
        return ExitCode.FINDINGS
    unreadable = not answers or any(one.error for one in answers)
    return ExitCode.INCOMPLETE if unreadable else ExitCode.CLEAN


def _configure_waivers(parser: ArgumentParser) -> None:
    parser.add_argument("file", nargs="+", help="waivers (YAML), or an osv-scanner.toml")
    add_adoption(parser)
    add_at(parser)
    add_format(parser)


def _run_waivers(options: Namespace) -> int:
    from pratique.policy import files
    from pratique.policy.findings import waiver_findings

    waivers = waivers_of(options.file, options)
    now = files.moment(options.at)
    findings = waiver_findings(waivers, now)
    if options.format == "json":
        value = {"waivers": waivers.waivers, "incomplete": waivers.incomplete}
        as_json("waivers", value | {"notes": waivers.notes, "findings": findings})
    else:
        out(_waiver_lines(waivers, now))
        out(f"{one.locations[0] if one.locations else '-'}: {one.title}" for one in findings)
        out(waivers.notes)
    return ExitCode.FINDINGS if findings else ExitCode.CLEAN


def _waiver_lines(waivers: Waivers, now: datetime) -> Iterator[str]:
    for one in waivers.waivers:
        state = "expired" if one.expired(now) else "until"
        yield f"{one.id}  {one.subject}  {one.rule}  {state} {one.expires:%Y-%m-%dT%H:%MZ}"
        yield f"  {one.reason} (owner {one.owner}, approved by {one.approver})"


decide = Command(
    description="Decide by a policy on components whose facts are given: every rule is evaluated, "
    "every reason printed.",
    configure=_configure_decide,
    run=_run_decide,
    epilogue="""\
examples:
  echo '{"subject": "pkg:npm/alpha@1.0.0", "malicious": false}' | pratique policy decide baseline -
  pratique policy decide our-policy.yaml facts.jsonl --waivers waivers.yaml --record decisions.jsonl
""",
)

replay = Command(
    description="Decide again what is on record, and say what comes out otherwise.",
    configure=_configure_replay,
    run=_run_replay,
)

waivers = Command(
    description="List waivers, and say which have expired or lack what makes them one.",
    configure=_configure_waivers,
    run=_run_waivers,
)
