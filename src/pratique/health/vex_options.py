"""Which VEX documents a check applies, and whose signatures it wants on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pratique.model.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.health.signed_vex import Verifier


def add_vex(parser: ArgumentParser) -> None:
    """Add the documents, whose statements outweigh others, and who must have signed."""
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
    _add_signers(parser)
    parser.add_argument(
        "--product",
        action="append",
        default=[],
        metavar="ID",
        help="what this is called in VEX statements (a package URL or other id); repeatable",
    )


def _add_signers(parser: ArgumentParser) -> None:
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


def verifier_of(options: Namespace) -> Verifier | None:
    """What checks the signatures of VEX documents; ``None`` where there are no documents.

    Raises:
        UsageError: The options contradict each other.
        InputError: A key cannot be read.
    """
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
