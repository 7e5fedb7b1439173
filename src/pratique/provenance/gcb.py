"""Google Cloud Build: provenance of container images, signed with Google's keys.

Regional keys and the first global one sign the payload itself, the later
global ones its DSSE encoding.  What ``gcloud`` prints around the envelope is
unsigned; it is compared all the same, because people read it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.dsse import IN_TOTO_PAYLOAD, pae
from pratique.formats.dsse.wire import base64_bytes
from pratique.formats.intoto import Statement, read_statement
from pratique.formats.slsa import provenance_of
from pratique.model.errors import InputError, PratiqueError
from pratique.provenance.builders import GCB, KNOWN, split_builder
from pratique.provenance.errors import VerificationError
from pratique.provenance.keys import load_key, verify
from pratique.provenance.refs import matches_versioned_tag
from pratique.provenance.slsa import Built, match_builder
from pratique.provenance.trust import data_file

if TYPE_CHECKING:
    from pratique.formats.slsa import Provenance
    from pratique.formats.slsa.gcb import GcbDocument, GcbProvenance, GcbSignature
    from pratique.provenance.expectations import Expectations

_RING = "projects/verified-builder/locations/"
_PAE_KEYS = {
    f"{_RING}global/keyRings/attestor/cryptoKeys/google-hosted-worker/cryptoKeyVersions/1": (
        "global-pae-google-hosted-worker_1",
        "1",
    ),
    f"{_RING}global/keyRings/attestor/cryptoKeys/provenanceSigner/cryptoKeyVersions/1": (
        "global-pae-provenanceSigner_1",
        "0.1",
    ),
}
"""Key id to the name of the key and the provenance version it signs, DSSE encoded."""

_REGIONAL = re.compile(
    rf"{_RING}([a-z0-9-]+)/keyRings/attestor/cryptoKeys/builtByGCB/cryptoKeyVersions/1\Z"
)
_BUILDERS = {"0.1": (f"{GCB}@v0.2", f"{GCB}@v0.3"), "1": (GCB,)}
_BUILD_ARGUMENTS = "type.googleapis.com/google.devtools.cloudbuild.v1.Build"
_STEPS = ("CloudBuildYaml@", "CloudBuildSteps@")
_TYPE_1 = "https://cloud.google.com/build/gcb-buildtypes/google-worker/v1"


class Signed(msgspec.Struct, frozen=True):
    """A provenance whose signature holds."""

    statement: Statement
    provenance: Any
    """Normalised, :class:`~pratique.formats.slsa.Provenance`."""

    around: Any
    """What is printed around it, unsigned."""

    key: str
    """Name of Google's key."""


def verify_gcb(document: GcbDocument, digest: str, expected: Expectations) -> tuple[Built, Signed]:
    """Verify the provenance of an image.

    Args:
        document: As ``gcloud`` printed it.
        digest: Hexadecimal SHA-256 of the image's manifest.
        expected: Source, tag and builder; a branch cannot be verified here.

    Raises:
        VerificationError: No signature holds, or something is not as expected.
    """
    signed = _first_signed(document)
    builder = _check_builder(signed, expected.builder)
    _check_subject(signed, digest)
    if expected.source:
        _check_source(signed.provenance, builder, expected.source)
    _check_around(signed, document, digest)
    if expected.branch is not None:
        raise VerificationError("Cloud Build attests no branch", error="ErrorNotSupported")
    if expected.inputs:
        raise VerificationError(
            "Cloud Build attests no inputs of a workflow", error="ErrorMismatchWorkflowInputs"
        )
    if expected.tag is not None and _tag(signed.provenance, "ErrorMismatchTag") != expected.tag:
        raise VerificationError("built from another tag", error="ErrorMismatchTag")
    if expected.versioned_tag is not None:
        tag = _tag(signed.provenance, "ErrorMismatchVersionedTag")
        matches_versioned_tag(tag, expected.versioned_tag)
    source = _source(signed.provenance)
    level = KNOWN[GCB].level
    return Built(builder=builder, source=source, commit="", level=level), signed


def signed_payload(document: GcbDocument) -> bytes:
    """The statement, word by word, that :func:`verify_gcb` looks at.

    Raises:
        VerificationError: No signature holds.
    """
    payload: str = _first_signed(document).around.envelope.payload
    return base64_bytes(payload, "payload of the envelope")


@lru_cache(maxsize=1)
def _keys() -> dict[str, str]:
    return msgspec.json.decode(data_file("gcb_keys.json"), type=dict[str, str])


def _first_signed(document: GcbDocument) -> Signed:
    """The first provenance of the document that one of Google's keys signed."""
    cause = "no signature of the provenance holds"
    for one in document.provenances:
        for signature in one.envelope.signatures:
            try:
                found = _signed(one, signature)
            except PratiqueError as error:
                cause = error.message
                continue
            if found is not None:
                return found
    raise VerificationError(cause, error="ErrorNoValidSignature")


def _signed(one: GcbProvenance, signature: GcbSignature) -> Signed | None:
    """The provenance, if a signature holds; None where the signature's key is not Google's."""
    if one.envelope.payload_type != IN_TOTO_PAYLOAD:
        raise VerificationError("the envelope holds no in-toto statement")
    key_id = signature.keyid or ""
    payload = base64_bytes(one.envelope.payload, "payload of the envelope")
    regional = _REGIONAL.match(key_id)
    if key_id in _PAE_KEYS:
        name, version = _PAE_KEYS[key_id]
        data = pae(one.envelope.payload_type, payload)
    elif regional:
        name, version, data = regional[1], "0.1", payload
    else:
        return None
    pem = _keys().get(name)
    if pem is None:
        raise VerificationError(f"Google has no key for {name[:40]}")
    raw = base64_bytes(signature.sig or "", "signature of the envelope")
    verify(load_key(pem.encode()), raw, data)
    statement = read_statement(payload)
    provenance = provenance_of(statement)
    if provenance.version != version:
        raise VerificationError(f"the key {name} does not sign provenance {provenance.version}")
    return Signed(statement, provenance, one, name)


def _check_builder(signed: Signed, wanted: str | None) -> str:
    provenance: Provenance = signed.provenance
    builder = provenance.builder
    if builder not in _BUILDERS[provenance.version]:
        raise VerificationError(
            f"{builder[:120]!r} is not Cloud Build", error="ErrorInvalidBuilderID"
        )
    if wanted:
        _match(builder, wanted)
    name, version = split_builder(builder)
    if version == "v0.2":
        fits, error = provenance.build_type == builder, "ErrorInvalidRecipe"
    elif version == "v0.3":
        starts = tuple(f"{name.rpartition('/')[0]}/{step}" for step in _STEPS)
        fits, error = provenance.build_type.startswith(starts), "ErrorInvalidRecipe"
    else:
        fits, error = provenance.build_type == _TYPE_1, "ErrorInvalidBuildType"
    if not fits:
        raise VerificationError(
            f"Cloud Build does not write {provenance.build_type[:120]!r}", error=error
        )
    if provenance.version == "0.1":
        arguments = provenance.external_parameters
        if not isinstance(arguments, dict) or "@type" not in arguments:
            raise VerificationError(
                "the provenance has no arguments", error="ErrorInvalidDssePayload"
            )
        if arguments["@type"] != _BUILD_ARGUMENTS:
            raise VerificationError(
                "the provenance's arguments are not a build's", error="ErrorMismatchBuilderID"
            )
    return builder


def _match(builder: str, wanted: str) -> None:
    """Match as :func:`match_builder`, but a version must be written in full."""
    match_builder(builder, wanted)
    version = split_builder(wanted)[1]
    if version and version != split_builder(builder)[1]:
        raise VerificationError(
            f"built by {builder}, not by {wanted}", error="ErrorMismatchBuilderID"
        )


def _check_subject(signed: Signed, digest: str) -> None:
    for one in signed.statement.subject:
        if "sha256" not in one.digests:
            raise VerificationError(
                "a subject has no SHA-256 digest", error="ErrorInvalidDssePayload"
            )
        if one.digests["sha256"] == digest:
            return
    raise _other_image()


def _other_image() -> VerificationError:
    return VerificationError("the provenance is of another image", error="ErrorMismatchHash")


def _source(provenance: Provenance) -> str:
    """URI of the source, without ``git+``."""
    if provenance.version == "1":
        given = provenance.external_parameters
        config = given.get("buildConfigSource") if isinstance(given, dict) else None
        if not isinstance(config, dict):
            raise VerificationError("the provenance names no source", error="ErrorNotPresent")
        return f"{config.get('repository', '')}@{config.get('ref', '')}".removeprefix("git+")
    if not provenance.dependencies or not provenance.dependencies[0].uri:
        raise VerificationError("the provenance names no source", error="ErrorInvalidDssePayload")
    return provenance.dependencies[0].uri.removeprefix("git+")


def _check_source(provenance: Provenance, builder: str, wanted: str) -> None:
    uri = _source(provenance)
    wanted = wanted.removeprefix("git+")
    if uri.startswith("https://") and not wanted.startswith("https://"):
        wanted = f"https://{wanted}"
    version = split_builder(builder)[1]
    if version == "v0.2":
        same = uri.startswith((f"{wanted}/commit/", f"{wanted}#"))
    elif version == "v0.3":
        same = uri == wanted or uri.startswith(f"{wanted}#")
    else:
        repository, at, _ = uri.partition("@")
        if not at:
            raise VerificationError("the source has no reference", error="ErrorInvalidFormat")
        same = repository == wanted
    if not same:
        raise VerificationError(f"built from {uri}, not from {wanted}", error="ErrorMismatchSource")


def _tag(provenance: Provenance, error: str) -> str:
    """Tag that started the build."""
    external, internal = provenance.external_parameters, provenance.internal_parameters
    given = external if provenance.version == "0.1" else internal
    name = "substitutions" if provenance.version == "0.1" else "systemSubstitutions"
    values = given.get(name) if isinstance(given, dict) else None
    tag = values.get("TAG_NAME") if isinstance(values, dict) else None
    if not isinstance(tag, str):
        raise VerificationError("the provenance names no tag", error=error)
    return tag


def _check_around(signed: Signed, document: GcbDocument, digest: str) -> None:
    """Compare what is printed around the envelope with what was signed in it."""
    around: GcbProvenance = signed.around
    if around.kind != "BUILD":
        raise VerificationError(
            f"the provenance is presented as {around.kind[:40]!r}, not as a build",
            error="ErrorInvalidFormat",
        )
    summary = document.image_summary
    if not (
        around.resource_uri.endswith(f"@sha256:{digest}")
        and summary.digest == f"sha256:{digest}"
        and summary.fully_qualified_digest.endswith(f"sha256:{digest}")
    ):
        raise _other_image()
    old = signed.provenance.version == "0.1"
    text = around.build.intoto_statement if old else around.build.in_toto_slsa_provenance_v1
    try:
        shown = _comparable(text or {}, "slsaProvenance" if old else "predicate")
    except InputError:
        shown = None
    if shown != (_comparable_statement(signed.statement)):
        raise VerificationError(
            "the text that is printed is not what was signed", error="ErrorMismatchIntoto"
        )


def _comparable(text: dict[str, Any], member: str) -> Any:
    """A printed statement in the shape of a signed one."""
    copy = {key: value for key, value in text.items() if key != member}
    copy["predicate"] = text.get(member)
    return _comparable_statement(read_statement(msgspec.json.encode(copy)))


def _comparable_statement(statement: Statement) -> Any:
    """Everything that both forms have; Cloud Build leaves two members out of the text."""
    normal = provenance_of(statement)
    subjects = [(one.name, one.digests) for one in statement.subject]
    rest = msgspec.structs.replace(normal, config_source=None, invocation="")
    return statement.type, statement.predicate_type, subjects, rest
