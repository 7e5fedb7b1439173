"""What the commands of ``pratique sbomit`` share: owners, parameters, documents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pratique.model.errors import InputError
from pratique.provenance.attest_options import read_bytes, read_json
from pratique.provenance.layout_cli import owner_of

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from datetime import datetime

    from pratique.provenance.functionaries import Functionary
    from pratique.sboms.sbomit.chain import Proven
    from pratique.sboms.sbomit.document import SbomitDocument


def add_owners(parser: ArgumentParser) -> None:
    """Add whose layout it must be."""
    parser.add_argument(
        "--key",
        action="append",
        required=True,
        type=Path,
        metavar="FILE",
        help="public key (PEM or securesystemslib's JSON) of an owner of the layout; repeatable: "
        "each must have signed it",
    )
    parser.add_argument(
        "--parameters", type=Path, metavar="FILE", help="JSON object of values for {NAME} in rules"
    )


def add_insecure(parser: ArgumentParser) -> None:
    """Add the option under which a mutation may override what is attested."""
    parser.add_argument(
        "--insecure-allow-in-toto-override",
        action="store_true",
        dest="insecure",
        help="take a mutation that overwrites or removes what is attested: the bill may then say "
        "what nobody attests",
    )


def read_owners(options: Namespace, now: datetime) -> list[Functionary]:
    """The owners of the layout, by their keys."""
    return [owner_of(path, now) for path in options.key]


def read_parameters(options: Namespace) -> dict[str, str]:
    """Parameters of the layout."""
    if options.parameters is None:
        return {}
    value = read_json(options.parameters)
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise InputError(f"{options.parameters} is no JSON object of texts.")
    return value


def read_document(path: Path) -> tuple[SbomitDocument, dict[str, Any]]:
    """A document and its value; its errors name the file."""
    from pratique.sboms.sbomit.document import read

    data = read_bytes(path)
    try:
        return read(data)
    except InputError as error:
        raise type(error)(f"{path} {error.message}", remedy=error.remedy) from None


def prove_document(options: Namespace, document: SbomitDocument, now: datetime) -> Proven:
    """What the metadata of a document proves."""
    from pratique.sboms.sbomit.chain import prove

    return prove(document, read_owners(options, now), now, read_parameters(options))
