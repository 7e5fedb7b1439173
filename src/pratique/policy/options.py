"""What the commands of this room share: options, loading, and how they print."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from pratique.formats.json_writing import indented_json
from pratique.model.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Sequence

    from pratique.model.facts import Facts
    from pratique.policy.errors import PolicyError
    from pratique.policy.osv_scanner import Adoption
    from pratique.policy.service import LoadedPolicy
    from pratique.policy.waivers import Waivers

POLICY = "a pack (observe, baseline, strict, s2c2f-level-1 to -4) or a policy file"
"""Help of an argument that names a policy."""


def out(lines: Iterable[str]) -> None:
    """Print lines."""
    for line in lines:
        sys.stdout.write(line + "\n")


def as_json(schema: str, value: dict[str, Any]) -> None:
    """Print an object with the name of its schema, indented."""
    whole = {"schema": f"urn:pratique:schema:{schema}:1", **value}
    sys.stdout.write(indented_json(whole).decode())


def say_more(error: PolicyError) -> None:
    """Say every defect but the first, which is said where the error ends."""
    for defect in error.defects[1:]:
        sys.stderr.write(f"{defect}. {defect.remedy}".rstrip() + "\n")


def add_at(parser: ArgumentParser) -> None:
    """Add ``--at``."""
    parser.add_argument(
        "--at",
        default="",
        metavar="INSTANT",
        help="the time by which waivers expire, instead of now: 2027-01-31T12:00:00Z",
    )


def add_scope(parser: ArgumentParser) -> None:
    """Add ``--team`` and ``--environment``."""
    parser.add_argument("--team", default="", help="team that wants the components")
    parser.add_argument("--environment", default="", help="environment they are wanted for")


def add_waivers(parser: ArgumentParser) -> None:
    """Add ``--waivers`` and the options of their adoption."""
    parser.add_argument(
        "--waivers",
        action="append",
        default=[],
        metavar="FILE",
        help="waivers (YAML) or an osv-scanner.toml; repeatable",
    )
    add_adoption(parser)


def add_adoption(parser: ArgumentParser) -> None:
    """Add what an ``osv-scanner.toml`` lacks."""
    parser.add_argument(
        "--owner", default="", help="who answers for the entries of an osv-scanner.toml"
    )
    parser.add_argument("--approver", default="", help="who approved of them")
    parser.add_argument(
        "--subject", default="", metavar="PURL", help="package or pattern that they are about"
    )


def adopted(options: Namespace) -> Adoption:
    """What an ``osv-scanner.toml`` lacks, as given.

    Raises:
        UsageError: Owner and approver are the same.
    """
    from pratique.policy.osv_scanner import Adoption

    if options.owner and options.owner == options.approver:
        raise UsageError(
            "--owner and --approver are the same.", remedy="Have another person approve."
        )
    return Adoption(owner=options.owner, approver=options.approver, subject=options.subject)


def load(name: str) -> LoadedPolicy:
    """Load a pack or a file; every defect but the first is said on standard error.

    Raises:
        UsageError: There is neither a pack nor a file of that name.
        PolicyError: It is refused, or one of its tests fails.
    """
    from pratique.policy import files
    from pratique.policy.errors import PolicyError

    try:
        return files.policy(name)
    except PolicyError as error:
        say_more(error)
        raise


def waivers_of(paths: Sequence[str], options: Namespace) -> Waivers:
    """Waivers of all files; every defect but the first is said on standard error.

    Raises:
        UsageError: There is no such file.
        PolicyError: One is refused.
    """
    from pratique.policy import files
    from pratique.policy.errors import PolicyError

    try:
        return files.waivers(paths, adopted(options))
    except PolicyError as error:
        say_more(error)
        raise


def facts_of(path: str) -> tuple[list[Facts], int]:
    """The facts in a file, and how many were refused; those are said on standard error."""
    from pratique.formats.text import decode
    from pratique.model.errors import InputError
    from pratique.policy import files
    from pratique.policy.facts_reading import read_facts

    try:
        text = decode(files.read(path, files.MAX_FACTS_BYTES))
    except InputError as error:
        raise InputError(f"{path}: {error.message}") from None
    facts, bad = [], 0
    for _, one, refused in read_facts(text, path):
        if refused is not None:
            bad += 1
            sys.stderr.write(f"{refused}\n")
            say_more(refused)
        elif one is not None:
            facts.append(one)
    return facts, bad
