"""What is trusted: the services of a Sigstore instance, from its trusted root.

The trusted root is pinned: the one in the package, one that TUF vouched for
(:mod:`pratique.provenance.trust_store`), or one the caller names.  It is never
fetched in verification.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pratique.formats.sigstore import TrustedRoot, read_trusted_root
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from cryptography.x509 import Certificate

    from pratique.formats.sigstore.trusted_root import Authority, Log, Validity
    from pratique.provenance.trust_origin import Origin

MAX_ROOT_BYTES = 4 * 1024 * 1024
"""Largest trusted root; the public one has 7 kB."""


class TrustedLog:
    """A transparency log: of signatures, or of certificates.

    Args:
        given: As the trusted root lists it.
    """

    def __init__(self, given: Log) -> None:
        self.id = given.log_id.key_id
        self.host = urlsplit(given.base_url).netloc or given.base_url
        self.validity: Validity = given.public_key.valid_for
        self._key = given.public_key.raw_bytes

    @cached_property
    def key(self) -> Any:
        """Its public key.

        Raises:
            InputError: The trusted root has a key here that cannot be used.
        """
        from pratique.provenance.keys import load_key

        return load_key(self._key)


class TrustedAuthority:
    """A certificate authority, or a timestamp authority.

    Args:
        given: As the trusted root lists it.
    """

    def __init__(self, given: Authority) -> None:
        self.uri = given.uri
        self.validity: Validity = given.valid_for
        self._chain = tuple(one.raw_bytes for one in given.cert_chain.certificates)

    @cached_property
    def chain(self) -> tuple[Certificate, ...]:
        """Certificates from the issuing one to the root.

        Raises:
            InputError: The trusted root has one here that cannot be read, or none.
        """
        from pratique.provenance.certificates import load_certificate

        if not self._chain:
            raise InputError("trusted root has an authority without certificates")
        return tuple(load_certificate(one) for one in self._chain)


class TrustRoot:
    """The services of one Sigstore instance, ready to be asked.

    Args:
        document: The trusted root.
        origin: Where it is from; None where nobody asks.
    """

    def __init__(self, document: TrustedRoot, origin: Origin | None = None) -> None:
        self.origin = origin
        self.logs = {one.log_id.key_id: TrustedLog(one) for one in document.tlogs}
        self.certificate_logs = {one.log_id.key_id: TrustedLog(one) for one in document.ctlogs}
        self.authorities = tuple(map(TrustedAuthority, document.certificate_authorities))
        self.timestamp_authorities = tuple(map(TrustedAuthority, document.timestamp_authorities))

    def authorities_at(self, moment: datetime) -> tuple[TrustedAuthority, ...]:
        """The certificate authorities that were trusted at a moment, in UTC."""
        return tuple(one for one in self.authorities if one.validity.covers(moment))


def trust_root(data: bytes, origin: Origin | None = None) -> TrustRoot:
    """Trust root of a ``trusted_root.json``.

    Raises:
        InputError: It is not one; its validities must all have a start.
    """
    return TrustRoot(read_trusted_root(data), origin)


def trust_root_of(path: Path) -> TrustRoot:
    """Trust root of a file, or of a stored instance where the path is ``instance:NAME``.

    Raises:
        InputError: It cannot be read, or is no trusted root.
        EvidenceError: The stored one is damaged.
        UsageError: No such instance is stored.
    """
    from pratique.provenance.trust_origin import GIVEN, Origin

    if str(path).startswith("instance:"):
        from pratique.provenance.trust_store import PREFIX, current_root

        return current_root(str(path).removeprefix(PREFIX))
    try:
        with path.open("rb") as file:
            data = file.read(MAX_ROOT_BYTES + 1)
    except OSError as error:
        raise InputError(f"trusted root {path} cannot be read: {error.strerror}.") from None
    if len(data) > MAX_ROOT_BYTES:
        raise InputError(f"trusted root {path} is over the limit of {MAX_ROOT_BYTES:,} bytes.")
    try:
        return trust_root(data, Origin(how=GIVEN, place=str(path)))
    except InputError as error:
        raise type(error)(f"{path}: {error.message}.") from None


@lru_cache(maxsize=1)
def pinned_root() -> TrustRoot:
    """The public Sigstore instance, as pinned in the package (``data/README.md``)."""
    return trust_root(data_file("trusted_root.json"))


def data_file(name: str) -> bytes:
    """Bytes of a file of ``provenance/data``."""
    return (files("pratique.provenance") / "data" / name).read_bytes()
