"""The commands, each by the module of the room that has it.

A room's ``cli`` module gives a :class:`Command` for each of its commands; it
is imported when its command is run, so that the program starts quickly.
"""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from difflib import get_close_matches
from importlib import import_module
from shutil import get_terminal_size
from textwrap import fill
from typing import TYPE_CHECKING, NoReturn

from pratique import __version__
from pratique.model.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence

COMMANDS: dict[str, tuple[str, str]] = {
    "check": ("pratique.health.cli:check", "give the bill of health of a project, SBOM or package"),
    "explain": ("pratique.health.cli:explain", "explain a rule or an advisory"),
    "formats": ("pratique.inventory.cli:formats", "list the formats that can be read"),
    "advisories update": ("pratique.advisories.cli:update", "fetch the newest advisories"),
    "advisories status": ("pratique.advisories.cli:status", "say which advisories are here"),
    "advisories build": ("pratique.advisories.cli:build", "build an index from OSV records"),
    "advisories local": ("pratique.advisories.cli:local", "take records of one's own"),
    "advisories export": ("pratique.advisories.cli:export", "write a signed bundle of them"),
    "advisories import": ("pratique.advisories.cli:import_", "take a signed bundle of them"),
    "advisories lint": ("pratique.advisories.lint_cli:lint", "say what is wrong with OSV records"),
    "advisories exploitation": (
        "pratique.advisories.exploitation.cli:exploitation",
        "say or bring what is exploited (KEV, EPSS)",
    ),
    "verify": (
        "pratique.provenance.cli:verify",
        "verify the evidence about a file, package, lockfile or revision",
    ),
    "expectations list": (
        "pratique.provenance.expectations_cli:list_",
        "list what was learned of packages",
    ),
    "expectations forget": (
        "pratique.provenance.expectations_cli:forget_",
        "forget what was learned of packages",
    ),
    "expectations export": (
        "pratique.provenance.expectations_cli:export_",
        "write what was learned as a file",
    ),
    "expectations import": (
        "pratique.provenance.expectations_cli:import_",
        "take what was learned elsewhere",
    ),
    "vex create": ("pratique.vex.cli:create", "create an OpenVEX document"),
    "vex add": ("pratique.vex.cli:add", "add a statement to an OpenVEX document"),
    "vex merge": ("pratique.vex.cli:merge", "merge VEX documents into one"),
    "vex filter": ("pratique.vex.cli:filter", "take what VEX settles out of a scanner's report"),
    "vex attest": ("pratique.provenance.attest_cli:vex", "sign an OpenVEX document"),
    "vex generate": ("pratique.vex.cli:generate", "generate VEX about a product from templates"),
    "vex list": ("pratique.vex.cli:list_words", "list the statuses and justifications"),
    "vex validate": ("pratique.vex.cli:validate", "check VEX documents, CSAF by its tests"),
    "vex convert": ("pratique.vex.cli:convert", "convert between OpenVEX, CSAF and CycloneDX"),
    "policy test": ("pratique.policy.cli:test", "run the tests of a policy"),
    "policy explain": ("pratique.policy.cli:explain", "explain a policy, a rule, or the facts"),
    "policy diff": ("pratique.policy.cli:diff", "say what differs between two policies"),
    "policy lint": ("pratique.policy.cli:lint", "find likely mistakes in a policy or in waivers"),
    "policy init": ("pratique.policy.cli:init", "write a policy of your own, built on a pack"),
    "policy decide": ("pratique.policy.cli:decide", "decide on components by their facts"),
    "policy replay": ("pratique.policy.cli:replay", "decide again what is on record"),
    "policy waivers": ("pratique.policy.cli:waivers", "list waivers and what no longer holds"),
    "attest keygen": ("pratique.provenance.attest_cli:keygen", "make a key pair that signs"),
    "attest model": ("pratique.provenance.attest_cli:model", "sign an AI model, file by file"),
    "attest public-key": ("pratique.provenance.attest_cli:public_key", "print a public key"),
    "attest build": ("pratique.provenance.attest_cli:build", "run a command, attest what it made"),
    "attest file": ("pratique.provenance.attest_cli:file", "attest any predicate about files"),
    "attest sbom": ("pratique.provenance.attest_cli:sbom", "attest a bill of materials"),
    "attest vex": ("pratique.provenance.attest_cli:vex", "attest an OpenVEX document"),
    "attest test": ("pratique.provenance.attest_cli:test", "attest what came of tests"),
    "attest scan": ("pratique.provenance.attest_cli:scan", "attest what a check found"),
    "attest vsa": ("pratique.provenance.attest_cli:vsa", "verify, and sign a summary of it"),
    "trust update": ("pratique.provenance.trust_cli:update", "fetch a trusted root, by TUF"),
    "trust status": ("pratique.provenance.trust_cli:status", "say which roots are trusted"),
    "trust import": ("pratique.provenance.trust_cli:import_", "take one from a folder or archive"),
    "trust export": ("pratique.provenance.trust_cli:export", "write one to an archive"),
    "trust forget": ("pratique.provenance.trust_cli:forget", "remove what is stored of one"),
    "rebuild": (
        "pratique.provenance.rebuild.cli:rebuild",
        "build a published package again from its source, and compare",
    ),
    "verify-layout": (
        "pratique.provenance.layout_cli:verify_layout",
        "verify a supply chain by its in-toto layout",
    ),
    "serve": (
        "pratique.surfaces.api.cli:serve",
        "serve the advisories as OSV.dev's API and npm's audit",
    ),
    "ingest": ("pratique.ingest.cli:ingest", "take documents into the record"),
    "affected": ("pratique.health.exposure:affected", "say which products something affects"),
    "audit": ("pratique.health.audit_cli:audit", "check every product of the record"),
    "why": ("pratique.graph.cli:why", "show the paths by which a package came in"),
    "known": ("pratique.graph.cli:known", "say what the record knows of a package or digest"),
    "products": ("pratique.graph.cli:products", "list products, or the newest bill of one"),
    "diff": ("pratique.graph.cli:diff", "say what changed between two versions of a product"),
    "history": ("pratique.graph.cli:history", "say since when products shipped a package"),
    "patch": ("pratique.graph.cli:patch", "say who must upgrade in which order"),
    "top": ("pratique.graph.cli:top", "list the packages in most bills"),
    "bad": ("pratique.graph.cli:bad", "list what people certified to be bad"),
    "dependents": ("pratique.graph.reach_cli:dependents", "say what depends on a package"),
    "dependencies": ("pratique.graph.reach_cli:dependencies", "say what a package depends on"),
    "snapshot": ("pratique.graph.snapshots.cli:snapshot", "write the record as Parquet files"),
    "trends": ("pratique.graph.snapshots.cli:trends", "say how exposure went, and what is used"),
    "certify": ("pratique.graph.certify:certify", "certify that something is good or bad"),
    "contact": ("pratique.graph.certify:contact", "note whom to ask about something"),
    "record serve": (
        "pratique.surfaces.record.cli:serve",
        "serve the record: GUAC's interfaces and these questions",
    ),
    "record token": ("pratique.surfaces.record.cli:token", "make a token for the server"),
    "triage set": ("pratique.triage.cli:set_", "put a judgement about findings on record"),
    "triage apply": ("pratique.triage.cli:apply", "put many judgements on record, from a file"),
    "triage list": (
        "pratique.triage.cli:list_",
        "list findings of products, with what was decided",
    ),
    "triage history": ("pratique.triage.cli:history", "show every judgement: who, when, why"),
    "rematch": ("pratique.watch.cli:rematch", "say what changed in the record's findings, and why"),
    "watch": ("pratique.watch.cli:watch", "do so whenever something came in, until stopped"),
    "events list": ("pratique.watch.cli:events", "list what changed"),
    "notify test": ("pratique.watch.notify_cli:test", "send a trial over each channel"),
    "notify status": ("pratique.watch.notify_cli:status", "say what was told, and what waits"),
    "notify retry": ("pratique.watch.notify_cli:retry", "try again what could not be told"),
    "triage export": ("pratique.triage.cli:export", "write judgements as VEX, or all findings"),
    "fix": (
        "pratique.remediation.cli:fix",
        "plan upgrades, prove them with the real resolvers, apply them",
    ),
    "reach": (
        "pratique.reachability.cli:reach",
        "say which vulnerable packages the code checked can reach",
    ),
    "repository keygen": ("pratique.repository.cli:keygen", "make a key for a repository"),
    "repository init": ("pratique.repository.cli:init", "set up a TUF-signed repository"),
    "repository sign": ("pratique.repository.cli:sign", "sign a pending key ceremony"),
    "repository rotate": ("pratique.repository.cli:rotate", "change root or online keys"),
    "repository add": ("pratique.repository.cli:add", "take artifacts in"),
    "repository remove": ("pratique.repository.cli:remove", "take artifacts off the list"),
    "repository publish": (
        "pratique.repository.cli:publish",
        "publish what is staged, in one step",
    ),
    "repository bump": ("pratique.repository.cli:bump", "sign anew what expires soon"),
    "repository prune": ("pratique.repository.cli:prune", "remove what is superseded"),
    "repository verify": ("pratique.repository.cli:verify", "check all of a repository"),
    "repository serve": (
        "pratique.surfaces.repository.cli:serve",
        "serve RSTUF's API over a repository",
    ),
    "repository keyref": (
        "pratique.surfaces.repository.cli:keyref",
        "refer to a key in a KMS, HSM or vault",
    ),
    "repository status": ("pratique.repository.cli:status", "say how a repository stands"),
    "repository refresh": ("pratique.repository.cli_client:refresh", "update trusted metadata"),
    "repository get": ("pratique.repository.cli_client:get", "download and verify artifacts"),
    "sbom generate": ("pratique.inventory.sbom_generate_cli:generate", "make an SBOM of something"),
    "sbom convert": ("pratique.inventory.sbom_cli:convert", "make another format of an SBOM"),
    "sbom validate": ("pratique.inventory.sbom_cli:validate", "hold SBOMs against their standard"),
    "sbom score": ("pratique.inventory.sbom_cli:score", "score one, by NTIA, CISA and BSI too"),
    "sbom diff": ("pratique.inventory.sbom_views_cli:diff", "say what changed between two SBOMs"),
    "sbom merge": ("pratique.inventory.sbom_views_cli:merge", "make one SBOM of several"),
    "sbom tree": ("pratique.inventory.sbom_views_cli:tree", "show who needs whom"),
    "sbom query": ("pratique.inventory.sbom_views_cli:query", "list components"),
    "sbom leaves": ("pratique.inventory.leaves_cli:show", "list every leaf with its path"),
    "sbom models": ("pratique.inventory.models_cli:models", "say what model files would call"),
    "sbom enrich": ("pratique.sboms.enrich_cli:enrich", "fill what registries know"),
    "sbom redact": ("pratique.sboms.redact_cli:redact", "take out what must not leave"),
    "sbom sign": ("pratique.sboms.signing_cli:sign", "attest one of artifacts, or sign it"),
    "sbom verify": ("pratique.sboms.signing_cli:verify", "verify who signed one, and of what"),
    "sbomit build": ("pratique.sboms.sbomit.cli:build", "make a document of in-toto metadata"),
    "sbomit mutate": ("pratique.sboms.sbomit.cli:mutate", "add to what its bill says"),
    "sbomit generate": ("pratique.sboms.sbomit.cli:generate", "derive and attest its bill"),
    "sbomit verify": ("pratique.sboms.sbomit.verify_cli:verify", "verify a document and its bills"),
    "gate serve": ("pratique.gate.cli:serve", "serve registries through a policy"),
    "gate log": ("pratique.gate.cli:log", "list the decisions of a gate"),
    "gate verify": ("pratique.gate.cli:verify", "check a gate's log and what it keeps"),
    "gate why": ("pratique.gate.cli:why", "say what was decided on a package, and why"),
    "gate approvals": (
        "pratique.gate.cli_office:approvals",
        "list, approve, deny, revoke what waits for an approval",
    ),
    "gate quarantine": (
        "pratique.gate.cli_office:quarantine",
        "list what is in quarantine, until when and why",
    ),
    "gate token": ("pratique.gate.cli_office:token", "create, list and revoke tokens of the gate"),
    "gate canary": (
        "pratique.gate.cli_canary:canary",
        "try whether installs really go through the gate",
    ),
    "gate setup": ("pratique.gate.cli:setup", "print the configuration of a package manager"),
    "lint-config": (
        "pratique.controls.configs.cli:lint_config",
        "find configurations that let a public source answer for internal names",
    ),
    "completion": ("pratique.surfaces.cli.completion:completion", "print shell completion"),
}
"""Words of every command, its import string, and one line of help."""

GROUPS: dict[str, str] = {
    "advisories": "keep the advisories: update, status, build, local, export, import, lint …",
    "attest": "sign statements: build, file, sbom, vex, test, scan, vsa, model, keygen …",
    "expectations": "how packages are made, learned on first use: list, forget, export, import",
    "events": "what changed in the record's findings: list",
    "gate": "the registry proxy that enforces policy: serve, setup, approvals, token, canary …",
    "notify": "who is told of what changed: test, status, retry",
    "policy": "rules that decide: test, explain, diff, lint, init, decide, replay, waivers",
    "record": "the record's server: serve, token",
    "repository": "publish what passed, signed by TUF: init, add, publish, rotate, get …",
    "sbom": "bills of materials: generate, convert, validate, enrich, redact, sign, verify …",
    "triage": "decide about findings, with a trail: set, apply, list, history, export",
    "sbomit": "bills derived from in-toto metadata: build, mutate, generate, verify",
    "trust": "roots of Sigstore instances: update, status, import, export, forget",
    "vex": "say what does not matter: create, add, merge, filter, validate, convert …",
}
"""Groups of commands, with one line of help each."""

SECTIONS: dict[str, tuple[str, ...]] = {
    "check a project or a package": ("check", "reach", "fix", "explain", "formats"),
    "evidence": (
        "verify",
        "verify-layout",
        "expectations",
        "trust",
        "rebuild",
        "attest",
        "vex",
        "sbom",
        "sbomit",
    ),
    "decide and enforce": ("policy", "gate", "repository", "lint-config"),
    "the record: where are we affected?": (
        "ingest",
        "affected",
        "audit",
        "why",
        "known",
        "products",
        "diff",
        "history",
        "patch",
        "top",
        "bad",
        "dependents",
        "dependencies",
        "snapshot",
        "trends",
        "certify",
        "contact",
        "record",
        "triage",
        "rematch",
        "watch",
        "events",
        "notify",
    ),
    "advisories": ("advisories", "serve"),
    "this program": ("completion",),
}
"""How the overview lists the commands and groups."""

DESCRIPTION = "Bills of health for the open source an organisation consumes."

EPILOGUE = """\
exit codes:
  0 clean    1 findings    2 wrong usage    3 evidence incomplete
  4 a service elsewhere did not answer      70 a defect in this program

Run 'pratique COMMAND --help' for the options of a command.
"""


class Parser(ArgumentParser):
    """An argument parser that raises instead of printing and leaving."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print.

        Raises:
            UsageError: Always; its remedy names the command's help.
        """
        raise UsageError(f"{message}.", remedy=f"See '{self.prog} --help'.")


def _parser(prog: str, **more: str) -> Parser:
    width = min(96, get_terminal_size((80, 24)).columns)

    def formatter(prog: str) -> RawDescriptionHelpFormatter:
        return RawDescriptionHelpFormatter(prog, max_help_position=28, width=width)

    if "description" in more:
        more["description"] = fill(more["description"], width)
    return Parser(prog=prog, allow_abbrev=False, formatter_class=formatter, **more)  # type: ignore[arg-type]


def overview(group: str = "") -> Parser:
    """The parser of the program, or of a group of commands, without their options."""
    prog = f"pratique {group}".strip()
    parser = _parser(prog, description=DESCRIPTION if not group else GROUPS[group], epilog=EPILOGUE)
    parser.usage = f"{prog} COMMAND [OPTIONS]"
    if not group:
        parser.add_argument("--version", action="version", version=f"pratique {__version__}")
    for heading, names in SECTIONS.items() if not group else (("commands", _members(group)),):
        section = parser.add_argument_group(heading)
        for name in names:
            whole = f"{group} {name}".strip()
            text = COMMANDS[whole][1] if whole in COMMANDS else GROUPS[whole]
            section.add_argument(name.replace("-", "_"), metavar=name, nargs="?", help=text)
    return parser


def _members(group: str) -> list[str]:
    """The commands of a group, without its name."""
    return [name.removeprefix(f"{group} ") for name in COMMANDS if name.startswith(f"{group} ")]


def load(name: str) -> tuple[Parser, Callable[[Namespace], int]]:
    """Import a command: its parser with all options, and what runs it.

    Args:
        name: A key of :data:`COMMANDS`.
    """
    module, _, attribute = COMMANDS[name][0].partition(":")
    command = getattr(import_module(module), attribute)
    parser = _parser(f"pratique {name}", description=command.description, epilog=command.epilogue)
    command.configure(parser)
    return parser, command.run


def dispatch(words: Sequence[str]) -> int:
    """Find the command that the words name, and run it.

    Returns:
        Its exit code.

    Raises:
        UsageError: There is no such command, or its options are wrong.
    """
    for length in (2, 1):
        name = " ".join(words[:length])
        if name in COMMANDS:
            parser, run = load(name)
            return run(parser.parse_args(words[length:]))
    group = words[0] if words and any(key.startswith(f"{words[0]} ") for key in COMMANDS) else ""
    rest = words[1:] if group else words
    parser = overview(group)
    if not rest or rest[0] in {"-h", "--help"}:
        parser.print_help()
        return 0
    if rest[0].startswith("-"):
        parser.parse_args(rest[:1])
    known = _members(group) if group else [name for row in SECTIONS.values() for name in row]
    close = get_close_matches(rest[0], known, n=1)
    hint = f"Did you mean '{close[0]}'?" if close else f"See '{parser.prog} --help'."
    raise UsageError(f"there is no command {rest[0]!r}.", remedy=hint)


def whole() -> Parser:
    """One parser with every command and its options, for shell completion."""
    parser = _parser("pratique", description=DESCRIPTION, epilog=EPILOGUE)
    parser.add_argument("--version", action="version", version=f"pratique {__version__}")
    top = parser.add_subparsers(metavar="COMMAND", parser_class=Parser)
    groups: dict[str, object] = {}
    for name, (_, text) in COMMANDS.items():
        loaded, _run = load(name)
        words = name.split()
        parent = top
        if len(words) > 1:
            if words[0] not in groups:
                group = top.add_parser(words[0], help=f"{words[0]} commands")
                groups[words[0]] = group.add_subparsers(metavar="COMMAND", parser_class=Parser)
            parent = groups[words[0]]  # type: ignore[assignment]
        parent.add_parser(words[-1], help=text, parents=[loaded], add_help=False)
    return parser


__all__ = ["COMMANDS", "Parser", "dispatch", "load", "overview", "whole"]
