"""Options that every command about evidence has alike: which root is trusted, and who signs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pratique.model.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.formats.sigstore.npm import RegistryKey
    from pratique.provenance.trust import TrustRoot


def add_trusted(parser: ArgumentParser) -> None:
    """Add the root that is trusted, and who must have signed."""
    parser.add_argument(
        "--trusted-root",
        type=Path,
        metavar="FILE",
        help="Sigstore's trusted_root.json of the instance that signed, or instance:NAME of one "
        "that 'pratique trust' keeps (default: the newest root of the public instance here)",
    )
    parser.add_argument(
        "--key", type=Path, metavar="FILE", help="public key (PEM) of a signer without certificate"
    )
    parser.add_argument(
        "--identity", default="", metavar="NAME", help="who must have signed: a URI or an address"
    )
    parser.add_argument(
        "--issuer", default="", metavar="URI", help="who must vouch for the identity"
    )


def check_identity(options: Namespace) -> None:
    """Refuse an identity without who vouches for it: anybody could give it that name.

    Raises:
        UsageError: It is so.
    """
    if options.identity and not options.issuer:
        raise UsageError(
            "--identity says nothing without --issuer.",
            remedy="Name who vouches for the identity with --issuer.",
        )


def trusted_root(options: Namespace) -> TrustRoot:
    """The root of ``--trusted-root``, or the newest of the public instance.

    Raises:
        InputError: It cannot be read, or is no trusted root.
        EvidenceError: The stored one is damaged.
        UsageError: No such instance is stored.
    """
    from pratique.provenance.trust import trust_root_of
    from pratique.provenance.trust_store import current_root

    return trust_root_of(options.trusted_root) if options.trusted_root else current_root()


def trusted_registry_keys(options: Namespace) -> tuple[RegistryKey, ...]:
    """Registry keys of the same instance; empty where those in the package are to be taken.

    Raises:
        EvidenceError: The stored ones are damaged.
    """
    from pratique.provenance.trust_store import PREFIX, PUBLIC, current_registry_keys

    given = str(options.trusted_root or f"{PREFIX}{PUBLIC}")
    return current_registry_keys(given.removeprefix(PREFIX)) if given.startswith(PREFIX) else ()


def managed_key(options: Namespace) -> Any:
    """The public key of ``--key``; None where none is given.

    Raises:
        InputError: It cannot be read.
    """
    from pratique.provenance.keys import read_key

    return read_key(options.key) if options.key else None
