"""``pratique gate approvals``, ``token`` and ``quarantine``."""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable
    from datetime import datetime

    from pratique.gate.desk import Desk


def _where(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, metavar="FOLDER", help="the gate's folder, whether it runs or not"
    )
    parser.add_argument("--url", metavar="URL", help="a gate elsewhere, instead of a folder")
    parser.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="token for --url (default: the variable PRATIQUE_GATE_TOKEN)",
    )


def _desk(options: Namespace) -> Desk:
    from pratique.gate.desk import Here, There, token_of

    if (options.data is None) == (options.url is None):
        raise UsageError("name one gate: --data FOLDER or --url URL.")
    if options.url is not None:
        return There(options.url, token_of(options.token_file))
    return Here(options.data)


def _format(parser: ArgumentParser) -> None:
    parser.add_argument("--format", "-f", choices=("table", "json"), default="table")


def _by(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--approver",
        metavar="NAME",
        default="",
        help="who decides (default: the user of this machine; with --url, the token's)",
    )


def _name(options: Namespace) -> str:
    return str(options.approver) or getpass.getuser()


def _moment(text: str) -> datetime:
    from pratique.policy.waiver_documents import expiry

    found = expiry(text)
    if found is None:
        raise ArgumentTypeError(f"{text!r} is not a date (2027-01-31) or an instant (…T12:00:00Z)")
    return found


def _json(value: Any) -> int:
    import msgspec

    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value)).decode() + "\n")
    return ExitCode.CLEAN


def _say(lines: Iterable[str], nothing: str) -> int:
    text = "\n".join(lines)
    sys.stdout.write(f"{text or nothing}\n")
    return ExitCode.CLEAN


def _configure_approvals(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(
        dest="action",
        required=True,
        metavar="ACTION",
        help="list, approve, deny or revoke; 'ACTION --help' has its options",
    )
    listing = actions.add_parser("list", help="what waits, and what was approved")
    _where(listing)
    _format(listing)
    approve = actions.add_parser("approve", help="let something in, until a day")
    approve.add_argument(
        "subject", help="package URL (pkg:npm/alpha@1.2.0); '*' stands for any characters but '/'"
    )
    approve.add_argument(
        "--rule",
        required=True,
        action="append",
        metavar="ID",
        help="rule, or advisory; repeatable: each that holds it back needs an approval",
    )
    approve.add_argument("--reason", required=True, metavar="TEXT")
    approve.add_argument("--owner", required=True, metavar="NAME", help="who answers for it")
    approve.add_argument(
        "--expires",
        required=True,
        type=_moment,
        metavar="DAY",
        help="it holds through that day (UTC); a year at most",
    )
    approve.add_argument(
        "--versions", default="", metavar="RANGE", help="of a subject without one: '>=1.0, <2'"
    )
    approve.add_argument(
        "--digest",
        action="append",
        default=[],
        metavar="sha256:HEX",
        help="only where every file of the version has one of these digests; repeatable",
    )
    approve.add_argument(
        "--also-denied",
        action="store_true",
        help="set aside also what denies; with --url only an administrator may",
    )
    _by(approve)
    _where(approve)
    deny = actions.add_parser("deny", help="do not approve what waits: it leaves the queue")
    deny.add_argument("subject", help="package URL, with or without a version")
    deny.add_argument("--rule", required=True, metavar="ID")
    deny.add_argument("--reason", required=True, metavar="TEXT")
    _by(deny)
    _where(deny)
    revoke = actions.add_parser("revoke", help="take an approval back, at once")
    revoke.add_argument("id", help="of the approval, as the list has it")
    revoke.add_argument("--reason", required=True, metavar="TEXT")
    _by(revoke)
    _where(revoke)


def _run_approvals(options: Namespace) -> int:
    desk = _desk(options)
    if options.action == "approve":
        from msgspec.structs import replace

        from pratique.gate.approvals import Wish

        wish = Wish(
            subject=options.subject,
            rule="",
            reason=options.reason,
            owner=options.owner,
            expires=options.expires,
            versions=options.versions,
            digests=tuple(options.digest),
            above=options.also_denied,
        )
        made = [
            desk.approve(replace(wish, rule=rule), _name(options))
            for rule in dict.fromkeys(options.rule)
        ]
        return _say(
            (
                f"{one['id']}: {one['subject']}, {one['rule']}, until {one['expires'][:16]} UTC"
                for one in made
            ),
            "",
        )
    if options.action == "deny":
        desk.reject(options.subject, options.rule, _name(options), options.reason)
        return _say([f"{options.subject}: not approved"], "")
    if options.action == "revoke":
        desk.revoke(options.id, _name(options), options.reason)
        return _say([f"{options.id}: taken back"], "")
    found = desk.approvals()
    if options.format == "json":
        return _json(found)
    lines = [f"waits     {_held(one)}" for one in found["waiting"]]
    lines += [f"{_state(one):<9} {_approval(one)}" for one in found["approvals"]]
    return _say(lines, "nothing waits, and nothing was approved")


def _held(one: dict[str, Any]) -> str:
    text = f"{one['subject']}  {one['reason']}"
    if len(one["rules"]) > 1:
        text += f"  (all rules: {', '.join(one['rules'])})"
    if one.get("team"):
        text += f"  (team {one['team']})"
    if one.get("requesters"):
        text += f"  asked for by {', '.join(one['requesters'])}"
    return text


def _state(one: dict[str, Any]) -> str:
    if one.get("revoked"):
        return "revoked"
    return "approved" if one["holds"] else "expired"


def _approval(one: dict[str, Any]) -> str:
    what = f"{one['subject']} {one.get('versions', '')}".strip()
    return (
        f"{one['id']}  {what}  rule {one['rule']}, until {one['expires'][:16]} UTC, "
        f"owner {one['owner']}, approver {one['approver']}: {one['reason']}"
    )


def _configure_token(parser: ArgumentParser) -> None:
    from pratique.gate.tokens import Role

    actions = parser.add_subparsers(
        dest="action",
        required=True,
        metavar="ACTION",
        help="create, list or revoke; 'ACTION --help' has its options",
    )
    create = actions.add_parser("create", help="make a token, and print it once")
    create.add_argument("user", help="person, machine or job that it is for")
    create.add_argument(
        "--role",
        action="append",
        default=[],
        choices=[str(one) for one in Role],
        metavar="ROLE",
        help="client (the default), team, approver, auditor or admin; repeatable",
    )
    create.add_argument("--team", default="", metavar="NAME", help="for the policy's scopes")
    create.add_argument("--environment", default="", metavar="NAME", help="likewise")
    create.add_argument("--expires", type=_moment, metavar="DAY", help="it holds through that day")
    _where(create)
    listing = actions.add_parser("list", help="every token there is or was")
    _where(listing)
    _format(listing)
    revoke = actions.add_parser("revoke", help="take a token back, at once")
    revoke.add_argument("id", help="of the token, as the list has it")
    _where(revoke)


def _run_token(options: Namespace) -> int:
    from pratique.gate.tokens import Role

    desk = _desk(options)
    if options.action == "create":
        made = desk.create_token(
            options.user,
            [Role(one) for one in options.role] or [Role.CLIENT],
            team=options.team,
            environment=options.environment,
            expires=options.expires,
        )
        sys.stderr.write(f"Token {made['id']} of {made['user']}; it is not shown again.\n")
        return _say([made["token"]], "")
    if options.action == "revoke":
        desk.revoke_token(options.id)
        return _say([f"{options.id}: taken back"], "")
    found = desk.tokens()
    if options.format == "json":
        return _json({"tokens": found})
    return _say(map(_token, found), "there are no tokens")


def _token(one: dict[str, Any]) -> str:
    parts = [one["id"], one["user"], ",".join(one.get("roles", ["client"]))]
    parts += [f"{key} {one[key]}" for key in ("team", "environment") if one.get(key)]
    for key, text in (("expires", "until"), ("revoked", "taken back")):
        if one.get(key):
            parts.append(f"{text} {one[key][:16]}")
    return "  ".join(parts)


def _configure_quarantine(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(
        dest="action",
        required=True,
        metavar="ACTION",
        help="list; 'ACTION --help' has its options",
    )
    listing = actions.add_parser("list", help="what is held back, until when and why")
    _where(listing)
    _format(listing)


def _run_quarantine(options: Namespace) -> int:
    found = _desk(options).quarantine()
    if options.format == "json":
        return _json({"quarantine": found})
    return _say(map(_quarantined, found), "nothing is in quarantine")


def _quarantined(one: dict[str, Any]) -> str:
    until = f"{one['until'][:16].replace('T', ' ')} UTC" if one.get("until") else "not by itself"
    return f"{until:<20}  {one['subject']}  {one['reason']}"


approvals = Command(
    description="List what waits for an approval, approve it, deny it, or take an approval back.",
    configure=_configure_approvals,
    run=_run_approvals,
    epilogue="""\
examples:
  pratique gate approvals list --data /var/lib/pratique
  pratique gate approvals approve pkg:npm/alpha@1.2.0 --rule install-scripts --owner payments \\
    --reason 'script read, it compiles a parser' --expires 2027-03-31 --data /var/lib/pratique
  pratique gate approvals revoke a-0123456789 --reason 'the script changed' --url https://…
""",
)

token = Command(
    description="Make tokens for clients, teams, approvers, auditors and administrators, list "
    "them, and take them back.",
    configure=_configure_token,
    run=_run_token,
    epilogue="""\
examples:
  pratique gate token create ci-payments --team payments --environment production --data DIR
  pratique gate token create alice --role approver --expires 2027-06-30 --data DIR
""",
)

quarantine = Command(
    description="List what is in quarantine, until when and why.",
    configure=_configure_quarantine,
    run=_run_quarantine,
)
