"""``pratique check`` and ``pratique explain``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError
from pratique.sources.clock import now

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.health.signed_vex import Verifier

FORMATS = ("table", "json", "jsonl", "sarif", "markdown", "html", "csv", "cyclonedx")

MAX_STDIN_BYTES = 256 * 1024 * 1024
"""Most that is read from standard input; the limit of any document."""


def _configure_check(parser: ArgumentParser) -> None:
    parser.add_argument(
        "subject",
        nargs="?",
        default=".",
        help="a folder, a lockfile, an SBOM, a package URL (pkg:type/name@version), or - for "
        "standard input; the current folder by default",
    )
    parser.add_argument(
        "--format",
        "-f",
        action="append",
        default=[],
        choices=FORMATS,
        metavar="FORMAT",
        help=f"how to print the bill: {', '.join(FORMATS)}; repeat it with --output for several",
    )
    parser.add_argument(
        "--output",
        "-o",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="write the bill to a file; repeatable; without --format its name says which",
    )
    parser.add_argument(
        "--fail-on",
        default="none",
        metavar="THRESHOLD",
        help="exit with 1 only for findings at least this bad: malicious, critical, high, medium, "
        "low, none (the default: any finding); or known to be exploited: kev; or at least so "
        "likely to be: epss:0.5. One that nobody has rated counts at any severity",
    )
    parser.add_argument(
        "--sort",
        choices=("priority", "severity", "epss", "package", "path"),
        default="priority",
        metavar="ORDER",
        help="order of the findings: priority (malicious, exploited, severity, likelihood), "
        "severity, epss, package, path",
    )
    parser.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="GLOB",
        help="leave out paths that match; repeatable",
    )
    parser.add_argument(
        "--vex",
        action="append",
        default=[],
        metavar="PATH-OR-URL",
        help="apply the VEX documents of a file, folder or address (OpenVEX, CSAF, CycloneDX, "
        "SPDX 3); repeatable",
    )
    parser.add_argument(
        "--vex-prefer",
        action="append",
        default=[],
        metavar="WHO",
        help="an author, signer, document id or path whose statements outweigh later ones of "
        "others; repeatable, the strongest first",
    )
    _configure_signers(parser)
    parser.add_argument(
        "--product",
        action="append",
        default=[],
        metavar="ID",
        help="what this is called in VEX statements (a package URL or other id); repeatable",
    )
    parser.add_argument(
        "--policy",
        metavar="PACK-OR-FILE",
        help="decide on every component by a policy: observe, baseline, strict, s2c2f-level-1 to "
        "-4, or a file; what it does not admit is a finding that fails at any threshold",
    )
    parser.add_argument(
        "--waivers",
        action="append",
        default=[],
        metavar="FILE",
        help="waivers (YAML or pratique.toml) or an osv-scanner.toml; repeatable; "
        "an expired one is a finding",
    )
    parser.add_argument(
        "--installed",
        action="store_true",
        help="read installed trees (node_modules, virtual environments) as well",
    )
    parser.add_argument(
        "--offline", action="store_true", help="never call out: use the advisories that are here"
    )
    parser.add_argument(
        "--advisories",
        type=Path,
        metavar="FOLDER",
        help="advisory index to use instead of the user's own",
    )
    parser.add_argument("--exit-zero", action="store_true", help="exit with 0 whatever was found")
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        metavar="WHEN",
        help="colours: auto (on a terminal, unless NO_COLOR is set), always, never",
    )


def _configure_signers(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--vex-key",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="public key (PEM) of who may sign VEX documents; repeatable",
    )
    parser.add_argument(
        "--vex-identity", default="", metavar="NAME", help="who must have signed, by certificate"
    )
    parser.add_argument(
        "--vex-issuer", default="", metavar="URI", help="who must vouch for the identity"
    )
    parser.add_argument(
        "--vex-trusted-root",
        type=Path,
        metavar="FILE",
        help="trusted_root.json of the Sigstore instance, instead of the public one's",
    )
    parser.add_argument(
        "--vex-signed",
        action="store_true",
        help="apply only VEX documents whose signature is verified",
    )


def _verifier(options: Namespace) -> Verifier | None:
    """What checks the signatures of VEX documents; ``None`` where there are no documents."""
    if not options.vex:
        return None
    from pratique.health.signed_vex import Signers, Verifier
    from pratique.provenance.keys import read_key

    if bool(options.vex_identity) != bool(options.vex_issuer):
        raise UsageError(
            "--vex-identity and --vex-issuer go together.",
            remedy="Give both: a name means nothing without who vouches for it.",
        )
    return Verifier(
        Signers(
            keys=tuple(map(read_key, options.vex_key)),
            identity=options.vex_identity,
            issuer=options.vex_issuer,
            trusted_root=options.vex_trusted_root,
            required=options.vex_signed,
        )
    )


def _run_check(options: Namespace) -> int:
    import msgspec

    from pratique.advisories import open_index
    from pratique.health.fetched_vex import fetched
    from pratique.health.outputs import targets, write
    from pratique.health.progress import shown
    from pratique.health.service import Request, check
    from pratique.health.verdict import Threshold, exit_code
    from pratique.inventory import Options
    from pratique.policy.waivers import Waivers

    threshold = Threshold.parse(options.fail_on)
    wanted = targets(options.format, options.output)
    index = open_index(options.advisories)
    request = Request(
        subject=options.subject,
        options=Options(exclude=tuple(options.exclude), installed=options.installed),
        sort=options.sort,
        prefer=tuple(options.vex_prefer),
        products=tuple(options.product),
    )
    policy, waivers = None, Waivers()
    if options.policy or options.waivers:
        from pratique.policy import files

        policy = files.policy(options.policy) if options.policy else None
        waivers = files.waivers(options.waivers)
    with fetched(options.vex, offline=options.offline) as vex, shown("Reading") as progress:
        bill = check(
            msgspec.structs.replace(request, vex=vex),
            index,
            now(),
            policy=policy,
            waivers=waivers,
            verifier=_verifier(options),
            stdin=_stdin,
            progress=progress,
        )
    write(bill, wanted, color=_coloured(options.color), width=_width())
    code = exit_code(bill, threshold)
    return ExitCode.CLEAN if options.exit_zero else code


def _configure_explain(parser: ArgumentParser) -> None:
    parser.add_argument(
        "name", help="id of a rule (vulnerable-package), an advisory or one of its aliases"
    )
    parser.add_argument(
        "--format", "-f", choices=("table", "json"), default="table", help="how to print it"
    )
    parser.add_argument(
        "--advisories",
        type=Path,
        metavar="FOLDER",
        help="advisory index to use instead of the user's own",
    )


def _run_explain(options: Namespace) -> int:
    from pratique.health.explain import about_advisory, about_rule
    from pratique.health.rules import find, ids

    rule = find(options.name)
    if rule is not None:
        return _print(about_rule(rule), rule, options.format)
    from pratique.advisories import open_index

    index = open_index(options.advisories)
    found = index.advisory(options.name)
    if found is None:
        raise UsageError(
            f"{options.name!r} is neither a rule nor an advisory that is here.",
            remedy=f"Rules: {', '.join(ids())}. Newer advisories: 'pratique advisories update'.",
        )
    return _print(about_advisory(found, index.details(found.id)), found, options.format)


check = Command(
    description="Give the bill of health of a project, lockfile, SBOM or package: what is in it, "
    "what is known against it, what to do, and what could not be determined.",
    configure=_configure_check,
    run=_run_check,
    epilogue="""\
examples:
  pratique check                                    the current folder
  pratique check app --fail-on high                 for a pipeline
  pratique check app -f html -o bill.html           a page to read
  pratique check sbom.cdx.json -f sarif             for a code host
  pratique check pkg:pypi/jinja2@2.10               one package
  syft -o cyclonedx-json dir:. | pratique check -   another tool's SBOM
""",
)

explain = Command(
    description="Explain a rule of the check, or an advisory by its id or an alias of it.",
    configure=_configure_explain,
    run=_run_explain,
)


def _print(text: str, value: object, format: str) -> int:
    if format == "json":
        import msgspec

        text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    sys.stdout.write(text.rstrip("\n") + "\n")
    return ExitCode.CLEAN


def _stdin() -> bytes:
    data = sys.stdin.buffer.read(MAX_STDIN_BYTES + 1)
    if not data:
        raise UsageError("standard input is empty.", remedy="Pipe a lockfile or an SBOM into it.")
    return data


def _coloured(choice: str) -> bool:
    if choice != "auto":
        return choice == "always"
    return (
        sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )


def _width() -> int:
    import shutil

    return max(40, shutil.get_terminal_size((100, 24)).columns)
