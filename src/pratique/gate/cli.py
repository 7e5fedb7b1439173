"""``pratique gate serve``, ``log``, ``verify``, ``why`` and ``setup``."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pratique.gate.text import printable
from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.gate.inspect import Question
    from pratique.gate.lists import Lists

PORT = 8181
LOOPBACK = "127.0.0.1"
_OWN = (LOOPBACK, "localhost", "::1")


def _configure_serve(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--policy",
        required=True,
        metavar="PACK-OR-FILE",
        help="what is let in: observe, baseline, strict, s2c2f-level-1 to -4, or a file",
    )
    _data(parser)
    parser.add_argument(
        "--port", type=_port, default=PORT, metavar="N", help=f"port to listen on (default: {PORT})"
    )
    parser.add_argument(
        "--host",
        default=LOOPBACK,
        metavar="ADDRESS",
        help=f"address to listen on (default: {LOOPBACK}, this machine only); there is no "
        "encryption, so put a proxy that has it in front of any other",
    )
    parser.add_argument(
        "--ecosystem",
        action="append",
        default=[],
        choices=("pypi", "npm", "crates", "go", "maven"),
        metavar="NAME",
        help="serve only this one: pypi, npm, crates, go or maven; repeatable (default: those "
        "that are configured)",
    )
    parser.add_argument(
        "--upstream",
        action="append",
        default=[],
        metavar="NAME=URL",
        help="registry of an ecosystem, instead of what its package manager is configured to "
        "use; repeatable",
    )
    parser.add_argument(
        "--reserved",
        action="append",
        default=[],
        metavar="GLOB",
        help="name of internal packages, never asked for outside (acme-*, npm:@acme/*); repeatable",
    )
    parser.add_argument(
        "--lists",
        action="append",
        default=[],
        metavar="FILE",
        help="reserved names, deny and allow list: lines like 'deny pkg:npm/alpha@1.*'; repeatable",
    )
    parser.add_argument(
        "--waivers", action="append", default=[], metavar="FILE", help="waivers (YAML); repeatable"
    )
    parser.add_argument(
        "--advisories",
        type=Path,
        metavar="FOLDER",
        help="advisory index to use instead of the user's own",
    )
    parser.add_argument(
        "--admit-unknown",
        action="store_true",
        help="let in what a rule could not be decided on; refused otherwise",
    )
    parser.add_argument(
        "--quota",
        type=_size,
        metavar="SIZE",
        help="room for artifacts (500G, 20M): what was used least recently goes (default: "
        "all of the disk)",
    )
    parser.add_argument(
        "--keep",
        action="append",
        default=[],
        metavar="LOCKFILE",
        help="never let go of what this lockfile, or folder of them, names; repeatable",
    )
    parser.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="URL",
        help="an address beside the registry's own that files may come from though it is not "
        "public; repeatable",
    )
    parser.add_argument(
        "--cafile", default="", metavar="FILE", help="certificates to trust besides the system's"
    )
    parser.add_argument(
        "--require-token",
        action="store_true",
        help="give packages only to those who show a token ('pratique gate token create')",
    )
    parser.add_argument(
        "--max-advisory-age",
        type=_days,
        default=3.0,
        metavar="DAYS",
        help="/readyz says no where the advisories are older (default: 3)",
    )
    parser.add_argument(
        "--public-url",
        default="",
        metavar="URL",
        help="address that clients reach the gate by, where a proxy stands in front",
    )


def _run_serve(options: Namespace) -> int:
    from pratique.advisories import open_index
    from pratique.gate import credentials, proxies, server
    from pratique.gate.depot import Quota
    from pratique.gate.fetch import origin, shown
    from pratique.gate.keeping import keeps
    from pratique.gate.upstreams import NAMES, find
    from pratique.policy import files

    lists = _lists(options)
    policy = files.policy(options.policy)
    waivers = files.waivers(options.waivers)
    server.can_listen(options.host, options.port)
    upstreams = find(options.upstream, options.ecosystem)
    here = f"{options.host}:{options.port}"
    for ecosystem, upstream in upstreams.items():
        if origin(upstream.url) in {(host, options.port) for host in (options.host, *_OWN)}:
            raise UsageError(
                f"{upstream.origin} names this gate itself as the registry for {ecosystem}.",
                remedy="Give --upstream NAME=URL.",
            )
        sys.stderr.write(f"{ecosystem}: {shown(upstream.url)} (from {upstream.origin})\n")
    words = {name: word for word, name in NAMES.items()}
    secrets = {name: credentials.find(words[name], one.url) for name, one in upstreams.items()}
    for name, secret in secrets.items():
        if secret is not None:
            sys.stderr.write(f"{name}: with the credential of {secret.source}\n")
    between = proxies.find()
    for url in sorted(between.addresses()):
        sys.stderr.write(f"proxy: {shown(url)} (from {between.origin})\n")
    settings = server.Settings(
        upstreams={name: credentials.bare(one.url) for name, one in upstreams.items()},
        credentials=tuple(filter(None, secrets.values())),
        proxies=between,
        quota=Quota(limit=options.quota, keeps=keeps(options.keep) if options.keep else None),
        policy=policy,
        waivers=waivers,
        index=open_index(options.advisories),
        lists=lists,
        trusted=tuple(options.trust),
        cafile=_cafile(options.cafile),
        public=options.public_url.rstrip("/"),
        require_token=options.require_token,
        oldest_advisories=options.max_advisory_age,
        admit_unknown=options.admit_unknown,
        renew=lambda: (open_index(options.advisories), _lists(options)),
    )
    if options.host not in _OWN:
        sys.stderr.write(f"warning: {options.host} can be reached from elsewhere, unencrypted.\n")
    sys.stderr.write(f"The gate is at http://{here}/, policy {policy.policy.id}.\n")
    server.run(options.data, settings, options.host, options.port)
    return ExitCode.CLEAN


def _lists(options: Namespace) -> Lists:
    from pratique.gate.lists import MAX_BYTES, Lists, read_lists
    from pratique.policy.files import read

    lists = Lists.of(options.reserved)
    for path in options.lists:
        lists = lists.joined(read_lists(read(path, MAX_BYTES), path))
    return lists


def _cafile(path: str) -> str:
    if path and not Path(path).is_file():
        raise UsageError(f"{path} is not a file.")
    return path


def _configure_log(parser: ArgumentParser) -> None:
    _data(parser)
    parser.add_argument(
        "--kind",
        metavar="KIND",
        default="",
        help="only these: index, stored, served, refused, reserved, requested, approved, "
        "rejected, revoked, token-created, token-revoked, alarm, evicted, started, torn",
    )
    parser.add_argument("--package", metavar="NAME", default="", help="only of a package")
    _asking(parser)
    parser.add_argument("--format", "-f", choices=("table", "jsonl"), default="table")


def _asking(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--client",
        metavar="TEXT",
        default="",
        help="only of clients with this in their name, or of the token's user",
    )
    parser.add_argument("--team", metavar="NAME", default="", help="only of a team")
    parser.add_argument(
        "--since", metavar="TIME", default="", help="only from then on: 2026-11-01, or an instant"
    )
    parser.add_argument("--until", metavar="TIME", default="", help="only before then")
    parser.add_argument(
        "--whole",
        action="store_true",
        help="read all of the log and check its chain, past the index beside it",
    )


def _question(options: Namespace) -> Question:
    from pratique.gate.inspect import Question

    asked = ("kind", "package", "client", "team", "since", "until")
    return Question.of({key: getattr(options, key, "") for key in asked})


def _run_log(options: Namespace) -> int:
    import msgspec

    from pratique.gate.logquery import found

    for entry in found(options.data, _question(options), whole=options.whole):
        if options.format == "jsonl":
            sys.stdout.write(msgspec.json.encode(entry).decode() + "\n")
        else:
            sys.stdout.write(_line(entry) + "\n")
    return ExitCode.CLEAN


def _line(entry: dict[str, Any]) -> str:
    given = entry.get("approval")
    given = given if isinstance(given, dict) else entry.get("token")
    given = given if isinstance(given, dict) else {}
    what = entry.get("subject") or entry.get("package") or entry.get("policy") or ""
    what = what or given.get("subject") or given.get("user") or ""
    more = entry.get("why") or entry.get("what") or entry.get("file") or entry.get("reason") or ""
    more = more or given.get("reason") or given.get("id") or ""
    if entry["kind"] == "index":
        more = f"{len(entry['admitted'])} admitted, {len(entry['refused'])} refused"
    head = f"{entry['n']:>8}  {entry['at'][:19]}  {entry['kind']:<8}"
    return printable(f"{head}  {what}  {more}{_who(entry)}".rstrip())


def _who(entry: dict[str, Any]) -> str:
    """Who it was for, where a token said so."""
    parts = [text for key in ("user", "team") if (text := entry.get(key))]
    return f"  [{', '.join(parts)}]" if parts else ""


def _configure_verify(parser: ArgumentParser) -> None:
    _data(parser)
    parser.add_argument(
        "--head", default="", metavar="DIGEST", help="an entry's digest that must be in it"
    )
    parser.add_argument(
        "--anchor",
        type=Path,
        metavar="FILE",
        help="what the end of the log was last time, kept elsewhere: compared, then brought up "
        "to date; made where it is not there",
    )
    parser.add_argument("--format", "-f", choices=("table", "json"), default="table")


def _run_verify(options: Namespace) -> int:
    import msgspec

    from pratique.gate.verifying import Anchor, read_anchor, verify

    before = read_anchor(options.anchor) if options.anchor is not None else None
    report = verify(options.data, options.head, before)
    if options.format == "json":
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    else:
        sys.stdout.write("\n".join(report.lines) + "\n")
    if options.anchor is not None and report.sound:
        data = msgspec.json.encode(Anchor(report.entries, report.head))
        try:
            options.anchor.write_bytes(data + b"\n")
        except OSError as error:
            raise UsageError(f"{options.anchor}: cannot be written: {error.strerror}.") from None
    return ExitCode.CLEAN if report.sound else ExitCode.FINDINGS


def _configure_why(parser: ArgumentParser) -> None:
    parser.add_argument("package", help="name, or name@version, or a package URL")
    _data(parser)
    _asking(parser)


def _run_why(options: Namespace) -> int:
    import msgspec

    from pratique.gate.inspect import why

    asked = msgspec.structs.replace(_question(options), package="")
    lines = why(options.data, options.package, asked, whole=options.whole)
    if not lines:
        raise UsageError(
            f"{options.package!r} was never asked for, by whom and when you ask about."
        )
    sys.stdout.write("\n".join(map(printable, lines)) + "\n")
    return ExitCode.CLEAN


def _configure_setup(parser: ArgumentParser) -> None:
    from pratique.gate.setup import CLIENTS

    parser.add_argument("client", choices=CLIENTS, metavar="CLIENT", help=", ".join(CLIENTS))
    parser.add_argument(
        "--url", default=f"http://{LOOPBACK}:{PORT}", metavar="URL", help="address of the gate"
    )
    parser.add_argument(
        "--with-token",
        action="store_true",
        help="for a gate that wants one: with where it is taken from, never the token itself",
    )
    parser.add_argument(
        "--write",
        type=Path,
        metavar="FOLDER",
        help="write it below this folder (a project's, or ~) instead of printing it; a file that "
        "says something else is left alone",
    )


def _run_setup(options: Namespace) -> int:
    from pratique.gate.setup import setup, write

    if options.write is not None:
        path = write(options.client, options.url, options.write, token=options.with_token)
        sys.stdout.write(f"{path}\n")
    else:
        sys.stdout.write(setup(options.client, options.url, token=options.with_token))
    return ExitCode.CLEAN


def _data(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, required=True, metavar="FOLDER", help="where the gate keeps everything"
    )


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ArgumentTypeError(f"{text!r} is not a port (1 to 65535)")
    return int(text)


def _days(text: str) -> float:
    if not text.replace(".", "", 1).isdecimal() or not 0 < float(text) < 10_000:
        raise ArgumentTypeError(f"{text!r} is not a number of days")
    return float(text)


def _size(text: str) -> int:
    number, unit = text[:-1], text[-1:].upper()
    power = {"K": 1, "M": 2, "G": 3, "T": 4}.get(unit)
    number = number if power else text
    if not number.isdecimal() or not 0 < len(number) < 16 or not int(number):
        raise ArgumentTypeError(f"{text!r} is not a size (500G, 20M, or bytes)")
    return int(number) << 10 * (power or 0)


serve = Command(
    description="Serve package registries through a policy: versions that it does not admit "
    "disappear from the index, everything else is verified, kept and on record.",
    configure=_configure_serve,
    run=_run_serve,
    epilogue="""\
examples:
  pratique gate serve --policy baseline --data /var/lib/pratique
  pratique gate serve --policy gate.yaml --data data --reserved 'acme-*' --reserved 'npm:@acme'
  pip install --index-url http://127.0.0.1:8181/pypi/simple/ alpha
""",
)

log = Command(
    description="List the decisions of a gate, oldest first.",
    configure=_configure_log,
    run=_run_log,
)

verify = Command(
    description="Check that a gate's log is as it was written, and that what it keeps is too.",
    configure=_configure_verify,
    run=_run_verify,
)

why = Command(
    description="Say what was decided on a package last, for each version, and why.",
    configure=_configure_why,
    run=_run_why,
)

setup = Command(
    description="Print the configuration by which a package manager asks the gate.",
    configure=_configure_setup,
    run=_run_setup,
)
