"""npm packages: the registry's attestation, the builder's provenance, registry signatures.

A key of the registry is chosen by its id *and* its usage, and must have been
valid at the proven time of the signature.
"""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import msgspec

from pratique.formats.intoto.predicates import NPM_PUBLISH_PREFIX, NpmPublish, typed_predicate
from pratique.formats.sigstore import bundle_of
from pratique.formats.sigstore.npm import NpmAttestation, RegistryKey, read_registry_keys
from pratique.model.attestation import Grade
from pratique.model.errors import InputError
from pratique.provenance.builders import GITHUB_ISSUER, RUNNER, level_of
from pratique.provenance.bundle import Verified, verify_bundle
from pratique.provenance.claims import Claims, dialect_of
from pratique.provenance.errors import UnsupportedEvidenceError, VerificationError
from pratique.provenance.expectations import (
    Expectations,
    check_digest,
    check_parameters,
    check_revision,
    check_source,
)
from pratique.provenance.keys import load_key, verify
from pratique.provenance.npm_run import check_run
from pratique.provenance.slsa import (
    Built,
    check_builder,
    check_certified_source,
    match_builder,
    read_provenance,
)
from pratique.provenance.trust import data_file
from pratique.provenance.workflow import Workflow, workflow_of

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.formats.intoto import Statement
    from pratique.formats.sigstore.npm import NpmAttestations
    from pratique.provenance.trust import TrustRoot

ATTESTATIONS = "npm:attestations"
SIGNATURES = "npm:signatures"
HOSTED = "/github-hosted"

_DELEGATORS = frozenset(
    f"https://github.com/slsa-framework/slsa-github-generator/.github/workflows/{name}.yml"
    for name in ("delegator_generic_slsa3", "delegator_lowperms-generic_slsa3")
)


class NpmVerified(msgspec.Struct, frozen=True, kw_only=True):
    """What an npm package's attestations prove."""

    publish: Any
    """The registry's :class:`~pratique.provenance.bundle.Verified`."""

    provenance: Any
    """The builder's."""

    built: Built
    name: str
    version: str


@lru_cache(maxsize=1)
def pinned_keys() -> tuple[RegistryKey, ...]:
    """The registry keys that are pinned in the package (``data/README.md``)."""
    return read_registry_keys(data_file("npm_keys.json"))


def verify_npm(
    document: NpmAttestations,
    root: TrustRoot,
    expected: Expectations,
    *,
    digest: str,
    name: str = "",
    version: str = "",
    keys: tuple[RegistryKey, ...] | None = None,
) -> NpmVerified:
    """Verify both attestations of a package's version.

    Args:
        document: From the registry or beside the tarball.
        root: What is trusted of Sigstore.
        expected: Source, revision and builder.
        digest: Hexadecimal SHA-512 of the tarball.
        name: That the package must have; empty expects none.
        version: Likewise.
        keys: Of the registry; the pinned ones by default.

    Raises:
        VerificationError: One of the two does not hold, or is not as expected.
        InputError: The document lacks one of the two, or cannot be read.
    """
    provenance_part, publish_part = document.provenance, document.publish
    provenance = verify_bundle(bundle_of(provenance_part.bundle), root)
    built = _check_built(provenance, expected, digest)
    publish = verify_publish(publish_part, root, keys if keys is not None else pinned_keys())
    statement = _statement(publish)
    check_digest([one.digests for one in statement.subject], digest)
    for part, verified in ((provenance_part, provenance), (publish_part, publish)):
        check_wrapper(part, _statement(verified))
    found = names_of(_statement(provenance), statement)
    expect_package(found, name, version)
    return NpmVerified(
        publish=publish, provenance=provenance, built=built, name=found[0], version=found[1]
    )


def verify_publish(
    part: NpmAttestation, root: TrustRoot, keys: tuple[RegistryKey, ...]
) -> Verified:
    """Verify the registry's attestation with the key that its bundle names.

    Raises:
        VerificationError: The key is unknown, was not valid, or did not sign.
        InputError: The bundle cannot be read.
    """
    bundle = bundle_of(part.bundle)
    if bundle.key_hint is None:
        raise VerificationError("the publish attestation is not signed with a registry key")
    key = registry_key(keys, bundle.key_hint, ATTESTATIONS)
    verified = verify_bundle(bundle, root, key=load_key(key.public_key.raw_bytes))
    if not verified.times or not all(key.public_key.valid_for.covers(t) for t in verified.times):
        raise VerificationError(f"the registry's key {key.key_id} was not valid at that time")
    return verified


def registry_key(keys: tuple[RegistryKey, ...], key_id: str, usage: str) -> RegistryKey:
    """The registry's key of an id and a usage.

    Raises:
        VerificationError: There is none.
    """
    for one in keys:
        if one.key_id == key_id and one.key_usage == usage:
            return one
    raise VerificationError(
        f"the registry has no key {key_id[:80]!r} for {usage}",
        error="ErrorInvalidPublicKey",
        remedy="Bring newer keys with 'pratique trust update', or a newer Pratique.",
    )


def verify_registry_signature(
    package: str,
    integrity: str,
    key_id: str,
    signature: str,
    *,
    keys: tuple[RegistryKey, ...] | None = None,
    published: datetime | None = None,
) -> Grade:
    """Verify one of ``dist.signatures``: over ``name@version:integrity``.

    Args:
        package: ``name@version``.
        integrity: ``sha512-…``, as the registry has it; compare it with the tarball.
        key_id: The signature's ``keyid``.
        signature: Base64 of DER.
        keys: Of the registry; the pinned ones by default.
        published: When the version was published, in UTC, by a source that is trusted.

    Returns:
        ``verified`` where the key is open-ended or was valid when the version
        was published; ``valid-time-unproven`` where the key has expired and
        nothing shows that the signature is older.

    Raises:
        VerificationError: The key is unknown, was not valid, or did not sign.
        InputError: The signature is not base64.
    """
    key = registry_key(keys if keys is not None else pinned_keys(), key_id, SIGNATURES)
    try:
        data = binascii.a2b_base64(signature.encode("ascii"), strict_mode=True)
    except (ValueError, UnicodeEncodeError):
        raise InputError("registry signature is not base64") from None
    verify(load_key(key.public_key.raw_bytes), data, f"{package}:{integrity}".encode())
    validity = key.public_key.valid_for
    if published is not None:
        if not validity.covers(published):
            raise VerificationError(f"the registry's key {key_id} was not valid at that time")
        return Grade.VERIFIED
    return Grade.VERIFIED if validity.end is None else Grade.TIME_UNPROVEN


def integrity_of(sha512: str) -> str:
    """Subresource integrity text of a hexadecimal SHA-512 digest."""
    return f"sha512-{base64.b64encode(bytes.fromhex(sha512)).decode()}"


def _check_built(provenance: Verified, expected: Expectations, digest: str) -> Built:
    """Check the builder's statement; slsa-verifier demands that the builder is named."""
    certificate = provenance.certificate
    if certificate is None:
        raise VerificationError("the provenance is not signed with a certificate")
    if certificate.issuer != GITHUB_ISSUER and not certificate.issuer.startswith(
        f"{GITHUB_ISSUER}/"
    ):
        raise UnsupportedEvidenceError(
            f"provenance of npm packages is verified of runs of GitHub, and "
            f"{certificate.issuer[:120] or 'nobody'} vouches for {certificate.identity[:200]}"
        )
    workflow = workflow_of(certificate)
    delegated = workflow.name in _DELEGATORS
    if delegated:
        check_builder(workflow, Expectations(builder=workflow.name), _DELEGATORS)
    if expected.source:
        check_certified_source(workflow, expected.source)
    if not expected.builder:
        raise VerificationError(
            "no builder is expected",
            error="ErrorInvalidBuilderID",
            remedy=f"Name it with --builder, for example {RUNNER}{HOSTED}.",
        )
    _check_runner(workflow, expected.builder, delegated=delegated)
    statement = _statement(provenance)
    content = read_provenance(statement)
    name = workflow.name if delegated else expected.builder
    claims = Claims(content, dialect_of(content, name))
    _match_runner(content.builder, expected.builder)
    if expected.source:
        check_source(claims, expected.source)
    check_digest([one.digests for one in statement.subject], digest)
    check_revision(claims, expected)
    check_parameters(content)
    if not delegated:
        check_run(content, claims, statement, workflow)
    return Built(
        builder=content.builder,
        source=claims.source(),
        commit=workflow.commit,
        level=level_of(content.builder, workflow.signer, workflow.issuer, workflow.runner),
    )


def _check_runner(workflow: Workflow, builder: str, *, delegated: bool) -> None:
    """Check that the run was where the expected builder is: GitHub's machines, or one's own."""
    if delegated:
        if workflow.runner not in {"", "github-hosted"}:
            raise VerificationError(
                "the delegator ran on a self-hosted runner", error="ErrorMismatchBuilderID"
            )
        return
    if not workflow.runner:
        raise VerificationError(
            "the certificate does not say where the run was", error="ErrorNotSupported"
        )
    wanted = {
        RUNNER: "github-hosted",
        f"{RUNNER}{HOSTED}": "github-hosted",
        f"{RUNNER}/self-hosted": "self-hosted",
    }.get(builder)
    if wanted is None:
        raise VerificationError(
            f"{builder[:120]} is no builder of npm packages", error="ErrorNotSupported"
        )
    if workflow.runner != wanted:
        raise VerificationError(
            f"the run was {workflow.runner}, not {wanted}", error="ErrorMismatchBuilderID"
        )


def _match_runner(found: str, wanted: str) -> None:
    """Match a builder id; the older form without ``/github-hosted`` means the same."""
    try:
        match_builder(found, wanted)
    except VerificationError:
        other = wanted.removesuffix(HOSTED) if wanted.endswith(HOSTED) else f"{wanted}{HOSTED}"
        try:
            match_builder(found, other)
        except VerificationError:
            pass
        else:
            return
        raise


def check_wrapper(part: NpmAttestation, statement: Statement) -> None:
    """Check that the unsigned type around a bundle is the one that was signed.

    Raises:
        VerificationError: It is another.
    """
    if part.predicate_type != statement.predicate_type:
        raise VerificationError(
            f"presented as {part.predicate_type[:80]}, but {statement.predicate_type[:80]} "
            "was signed",
            error="ErrorInvalidDssePayload",
            remedy="Somebody has relabelled the attestation; fetch it again from the registry.",
        )


def _statement(verified: Verified) -> Statement:
    statement = verified.statement
    if statement is None:
        raise VerificationError("the attestation is no statement", error="ErrorInvalidDssePayload")
    return statement


def expect_package(found: tuple[str, str], name: str = "", version: str = "") -> None:
    """Check name and version of a package; an empty expectation is none.

    Raises:
        VerificationError: One is another.
    """
    if name and found[0] != name:
        raise VerificationError(
            f"attested for {found[0]}, not for {name}", error="ErrorMismatchPackageName"
        )
    if version and found[1] != version:
        raise VerificationError(
            f"attested for version {found[1]}, not for {version}",
            error="ErrorMismatchPackageVersion",
        )


def names_of(provenance: Statement, publish: Statement) -> tuple[str, str]:
    """Name and version that both attestations agree on.

    Raises:
        VerificationError: They do not agree, or one names no package.
    """
    given = typed_predicate(publish)
    if not publish.predicate_type.startswith(NPM_PUBLISH_PREFIX) or not isinstance(
        given, NpmPublish
    ):
        raise VerificationError(
            "the publish attestation is of another kind", error="ErrorInvalidDssePayload"
        )
    for statement in (provenance, publish):
        name, version = _subject_name(statement)
        if name != given.name:
            raise VerificationError(
                f"one attestation is for {name}, the other for {given.name}",
                error="ErrorMismatchPackageName",
            )
        if version != given.version:
            raise VerificationError(
                f"one attestation is for version {version}, the other for {given.version}",
                error="ErrorMismatchPackageVersion",
            )
    return given.name, given.version


def _subject_name(statement: Statement) -> tuple[str, str]:
    """Name and version of the package URL that is the only subject."""
    if len(statement.subject) != 1:
        raise VerificationError(
            "the attestation has several subjects", error="ErrorInvalidDssePayload"
        )
    text = statement.subject[0].name or ""
    prefix = "pkg:npm/"
    if not text.startswith(prefix):
        raise VerificationError(f"{text[:80]!r} is no npm package", error="ErrorInvalidPackageName")
    name, at, version = unquote_plus(text.removeprefix(prefix)).rpartition("@")
    if not at or not name:
        raise VerificationError(f"{text[:80]!r} has no version", error="ErrorInvalidPackageName")
    return name, version
