"""``pratique policy``: writing policies, and deciding by them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError
from pratique.model.options import add_format
from pratique.policy.cli_decide import decide, replay, waivers
from pratique.policy.options import (
    POLICY,
    add_at,
    add_scope,
    add_waivers,
    as_json,
    facts_of,
    load,
    out,
    say_more,
    waivers_of,
)

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["decide", "diff", "explain", "init", "lint", "replay", "test", "waivers"]


def _configure_test(parser: ArgumentParser) -> None:
    parser.add_argument("policy", nargs="+", help=POLICY)
    add_format(parser)


def _run_test(options: Namespace) -> int:
    from pratique.policy import files
    from pratique.policy.errors import PolicyError

    results = []
    for name in options.policy:
        try:
            results += files.untested(name)[1]
        except PolicyError as error:
            say_more(error)
            raise
    failed = [one for one in results if not one.passed]
    if options.format == "json":
        as_json("policy-tests", {"passed": len(results) - len(failed), "tests": results})
    else:
        for one in failed:
            place = f"{one.path}:{one.line}:{one.column}"
            out([f"{place}: {one.name}: gave {one.got}, not {one.expected}"])
        out([f"{len(results) - len(failed)} of {len(results)} tests passed"])
    return ExitCode.FINDINGS if failed else ExitCode.CLEAN


def _configure_explain(parser: ArgumentParser) -> None:
    parser.add_argument("policy", nargs="?", help=f"{POLICY}; the packs and the facts without")
    parser.add_argument("rule", nargs="?", help="one of its rules")
    add_format(parser)


def _run_explain(options: Namespace) -> int:
    from pratique.policy import text

    if options.policy is None:
        return _explain_all(options.format)
    loaded = load(options.policy)
    rules = {rule.id: rule for rule in loaded.policy.rules}
    if options.rule is not None and options.rule not in rules:
        raise UsageError(
            f"{loaded.policy.id} has no rule {options.rule!r}.",
            remedy=f"Its rules: {', '.join(rules)}.",
        )
    chosen = [rules[options.rule]] if options.rule else list(rules.values())
    if options.format == "json":
        value = {
            "id": loaded.policy.id,
            "description": loaded.document.description,
            "extends": loaded.document.extends,
            "digest": loaded.digest,
            "rules": chosen,
        }
        as_json("policy", value)
    elif options.rule:
        out(text.rule(chosen[0], loaded.document))
    else:
        out(text.policy(loaded.document, loaded.digest))
    return ExitCode.CLEAN


def _explain_all(format: str) -> int:
    from pratique.policy import text
    from pratique.policy.library import PACKS
    from pratique.policy.service import load_pack
    from pratique.policy.variables import VARIABLES

    packs = {name: load_pack(name).document.description for name in PACKS}
    if format == "json":
        facts = [
            {"name": one.name, "kind": one.kind, "meaning": one.meaning, "values": one.values}
            for one in VARIABLES.values()
        ]
        as_json("policy-words", {"packs": packs, "facts": facts})
        return ExitCode.CLEAN
    out(["packs:", *(f"  {name:<15} {words}" for name, words in packs.items()), "", "facts:"])
    out(text.facts())
    return ExitCode.CLEAN


def _configure_diff(parser: ArgumentParser) -> None:
    parser.add_argument("old", help=POLICY)
    parser.add_argument("new", help=POLICY)
    parser.add_argument(
        "--facts", metavar="FILE", help="facts (JSON or JSON lines) on which to compare decisions"
    )
    add_scope(parser)
    add_at(parser)
    add_format(parser)


def _run_diff(options: Namespace) -> int:
    from pratique.model.decision import Circumstances
    from pratique.policy import diff, files, text

    old, new = load(options.old), load(options.new)
    rules = diff.rule_changes(old, new)
    decisions: list[Any] = []
    bad = 0
    if options.facts:
        where = Circumstances(team=options.team, environment=options.environment)
        facts, bad = facts_of(options.facts)
        decisions = diff.decision_changes(old, new, facts, files.moment(options.at), where)
    if options.format == "json":
        as_json("policy-diff", {"rules": rules, "decisions": decisions})
    else:
        for rule in rules:
            out(text.rule_change(rule))
        out(text.decision_change(one) for one in decisions)
        if not rules and not decisions:
            out(["no difference"])
    if rules or decisions:
        return ExitCode.FINDINGS
    return ExitCode.INCOMPLETE if bad else ExitCode.CLEAN


def _configure_lint(parser: ArgumentParser) -> None:
    parser.add_argument("policy", nargs="+", help=POLICY)
    add_waivers(parser)
    add_at(parser)
    add_format(parser)


def _run_lint(options: Namespace) -> int:
    from pratique.policy import files
    from pratique.policy.lint import lint, lint_waivers

    waivers = waivers_of(options.waivers, options)
    remarks = []
    for name in options.policy:
        loaded = load(name)
        remarks += lint(loaded)
        remarks += lint_waivers(waivers, files.moment(options.at), loaded)
    remarks = sorted(set(remarks))
    if options.format == "json":
        as_json("policy-lint", {"remarks": remarks})
    else:
        out(f"{one.location}: {one.level}: {one.message} [{one.rule}]" for one in remarks)
        if not remarks:
            out(["nothing to remark"])
    warned = any(one.level == "warning" for one in remarks)
    return ExitCode.FINDINGS if warned else ExitCode.CLEAN


def _configure_init(parser: ArgumentParser) -> None:
    parser.add_argument(
        "file", nargs="?", type=Path, default=Path("pratique-policy.yaml"), help="file to write"
    )
    parser.add_argument("--extends", default="baseline", metavar="PACK", help="pack to build on")


def _run_init(options: Namespace) -> int:
    from pratique.policy import files
    from pratique.policy.library import PACKS
    from pratique.policy.starter import starter

    if options.extends not in PACKS:
        raise UsageError(
            f"there is no pack {options.extends!r}.", remedy=f"Packs: {', '.join(PACKS)}."
        )
    files.write_new(options.file, starter(options.extends, options.file.name))
    out([f"{options.file} was written; run 'pratique policy test {options.file}'."])
    return ExitCode.CLEAN


test = Command(
    description="Run the tests that stand in a policy and in those it extends.",
    configure=_configure_test,
    run=_run_test,
)

explain = Command(
    description="Explain a policy or one of its rules; without one, list the packs and the facts "
    "that policies may look at.",
    configure=_configure_explain,
    run=_run_explain,
)

diff = Command(
    description="Say what differs between two policies, in their rules and, given facts, in what "
    "they decide.",
    configure=_configure_diff,
    run=_run_diff,
)

lint = Command(
    description="Say what is allowed in a policy or in waivers, and yet likely a mistake.",
    configure=_configure_lint,
    run=_run_lint,
)

init = Command(
    description="Write a policy of your own, built on a pack, with a rule and its tests.",
    configure=_configure_init,
    run=_run_init,
)
