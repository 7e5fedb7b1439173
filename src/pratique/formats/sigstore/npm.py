"""npm's attestation documents: the answer of a registry about one version of a package.

``{"attestations": [{"predicateType", "bundle"}, …]}``: one statement of the
registry that it accepted the version, signed with its key, and one of the
builder, signed with a certificate.  The outer ``predicateType`` is unsigned.
"""

from __future__ import annotations

from typing import Any

import msgspec

from pratique.formats.dsse.wire import decode_json
from pratique.formats.intoto.predicates import NPM_PUBLISH_PREFIX
from pratique.formats.sigstore.trusted_root import PublicKey
from pratique.model.errors import InputError

MAX_ATTESTATIONS = 64
"""Most attestations of one version; npm has two."""

_PROVENANCE = frozenset({"https://slsa.dev/provenance/v0.2", "https://slsa.dev/provenance/v1"})


class NpmAttestation(msgspec.Struct, frozen=True, rename="camel"):
    """One attestation of the document; its bundle is read when it is verified."""

    predicate_type: str
    bundle: Any


class NpmAttestations(msgspec.Struct, frozen=True):
    """The document."""

    attestations: tuple[NpmAttestation, ...]

    @property
    def publish(self) -> NpmAttestation:
        """The registry's statement.

        Raises:
            InputError: There is none, or there are several.
        """
        return self._one(
            [x for x in self.attestations if x.predicate_type.startswith(NPM_PUBLISH_PREFIX)],
            "publish attestation",
        )

    @property
    def provenance(self) -> NpmAttestation:
        """The builder's statement.

        Raises:
            InputError: There is none, or there are several.
        """
        return self._one(
            [x for x in self.attestations if x.predicate_type in _PROVENANCE], "provenance"
        )

    @staticmethod
    def _one(found: list[NpmAttestation], what: str) -> NpmAttestation:
        if len(found) != 1:
            raise InputError(f"npm attestations have {len(found)} of a {what}, not one")
        return found[0]


class RegistryKey(msgspec.Struct, frozen=True, rename="camel"):
    """A key of the registry, for one usage."""

    key_id: str
    key_usage: str
    """``npm:signatures`` or ``npm:attestations``."""

    public_key: PublicKey


class _Keys(msgspec.Struct, frozen=True):
    keys: tuple[RegistryKey, ...]


def read_npm_attestations(data: bytes) -> NpmAttestations:
    """Attestations of a JSON document.

    Raises:
        InputError: It is not one.
    """
    found = decode_json(data, NpmAttestations, "npm attestations")
    if not found.attestations or len(found.attestations) > MAX_ATTESTATIONS:
        raise InputError("npm attestations are none, or too many")
    return found


def read_registry_keys(data: bytes) -> tuple[RegistryKey, ...]:
    """Keys of a registry, as Sigstore's TUF repository has them for npm.

    Raises:
        InputError: It is no such document.
    """
    return decode_json(data, _Keys, "registry keys").keys
