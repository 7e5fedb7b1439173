"""``pratique certify`` and ``pratique contact``: what people say of packages."""

from __future__ import annotations

import getpass
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pratique.graph.options import add_store, opened
from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError
from pratique.model.evidence import Verb

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "noun", help="a package URL (without a version: any), sha256:… or git+https://…"
    )
    parser.add_argument("--by", default="", metavar="WHO", help="who says so (default: the user)")
    add_store(parser)


def _configure_certify(parser: ArgumentParser) -> None:
    parser.add_argument("verdict", choices=("good", "bad"))
    _configure(parser)
    parser.add_argument("--justification", "-j", required=True, metavar="TEXT", help="why")


def _configure_contact(parser: ArgumentParser) -> None:
    _configure(parser)
    parser.add_argument("--email", required=True, metavar="ADDRESS")
    parser.add_argument("--info", default="", metavar="TEXT", help="whatever else helps")


def _run_certify(options: Namespace) -> int:
    verb = Verb.CERTIFY_GOOD if options.verdict == "good" else Verb.CERTIFY_BAD
    return _say(options, verb, {"justification": options.justification})


def _run_contact(options: Namespace) -> int:
    said = {"email": options.email, "info": options.info}
    return _say(options, Verb.POINT_OF_CONTACT, {key: text for key, text in said.items() if text})


def _say(options: Namespace, verb: Verb, said: dict[str, str]) -> int:
    from pratique.graph.knowledge import certification
    from pratique.store.writing import write

    entry = certification(
        options.noun, verb, said, collector=options.by or _user(), observed=datetime.now(UTC)
    )
    with opened(options, create=True) as store:
        written = write(store, options.tenant, [entry])
    if options.format == "json":
        import msgspec

        value = {"schema": "pratique/certified/1", "document": entry.digest, "verb": verb}
        sys.stdout.write(msgspec.json.encode(value | {"new": bool(written.added)}).decode() + "\n")
    else:
        new = "Noted" if written.added else "Known already"
        sys.stdout.write(f"{new}: {verb.value} {entry.path}\n")
    return ExitCode.CLEAN


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        raise UsageError("the user has no name here.", remedy="Say who it is with --by.") from None


certify = Command(
    description="Certify that a package, artifact or source is good or bad, and why.",
    configure=_configure_certify,
    run=_run_certify,
    epilogue="""\
examples:
  pratique certify bad pkg:npm/alpha@1.0.0 -j "steals credentials"
  pratique certify good pkg:pypi/beta -j "reviewed by the platform team" --by platform
""",
)
contact = Command(
    description="Note whom to ask about a package, artifact or source.",
    configure=_configure_contact,
    run=_run_contact,
)
