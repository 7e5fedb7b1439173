"""Evidence about packages from their registries, verified as if it lay beside the file.

What is fetched is only carried: every grade comes from the same judgements as
that of files, by the pinned keys.  What a registry does not offer is *none*;
what it could not be asked is *unknown*.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.model.attestation import Grade, VerifiedEvidence
from pratique.model.errors import InputError, LimitError, PratiqueError, UpstreamError
from pratique.provenance.documents import judge_documents
from pratique.provenance.errors import VerificationError
from pratique.provenance.judge import failed
from pratique.provenance.npm import integrity_of, verify_registry_signature
from pratique.provenance.pep740 import is_of
from pratique.provenance.rows import combined, unknown
from pratique.provenance.subject import Subject, subject_of_bytes
from pratique.provenance.verdict import answer
from pratique.sources.packages.attested import Offered, fetched, offered
from pratique.sources.packages.client import AbsentError
from pratique.sources.packages.service import WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pratique.model.purl import Package
    from pratique.provenance.request import Answer, Request
    from pratique.sources.packages.client import RegistryClient
    from pratique.sources.registries import Upstream

SIGNATURE = "registry-signature"
ELSEWHERE = frozenset({"repository_url", "vcs_url", "download_url"})
"""Qualifiers of packages that the configured registry does not have."""

UNREACHED = "Try again when the registry answers; nothing was proven until then."
ABSENT = "the registry offers no evidence about it"
ABSENT_ACTION = (
    "Ask the publisher for attestations, or the registry whether it passes them on: mirrors "
    "often leave them out."
)


class Registries(msgspec.Struct, frozen=True, kw_only=True):
    """Where evidence is asked for."""

    client: Any
    """:class:`~pratique.sources.packages.client.RegistryClient`."""

    upstreams: dict[str, Any]
    """:class:`~pratique.sources.registries.Upstream` by the words of the registries."""


def verify_package(package: Package, request: Request, registries: Registries) -> Answer:
    """Fetch the files of a version and what is offered about them, and verify each.

    Args:
        package: With a version; a qualifier ``file_name`` names one file.
        request: What is trusted and expected.
        registries: Where to ask.
    """
    expected = msgspec.structs.replace(request, package=(package.full_name, package.version))
    try:
        base = _base(package, registries.upstreams)
        files = offered(registries.client, base, package)
    except PratiqueError as error:
        return _unasked(package, error, request)
    answers = [_fetched(one, package, base, expected, registries.client) for one in files]
    return combined(str(package), answers, request)


def _fetched(
    file: Offered, package: Package, base: str, request: Request, client: RegistryClient
) -> Answer:
    try:
        data = fetched(client, base, file)
    except (UpstreamError, LimitError) as error:
        return unknown(file.name, {}, error.message, error.remedy or UNREACHED, request)
    subject = subject_of_bytes(file.name, data)
    stated = {one.algorithm.replace("-", "").lower(): one.value for one in file.digests}
    for algorithm, value in stated.items():
        if hashlib.new(algorithm, data).hexdigest() != value:
            differs = VerificationError(
                f"the file is not what the registry says: its {algorithm} differs",
                error="ErrorMismatchHash",
                remedy="Do not use the file; fetch it from another place, and tell the registry.",
            )
            bad = msgspec.structs.replace(failed(differs, "registry-digest"), path=file.url)
            return answer(subject, (bad,), request)
    return judged(file, subject, package, request)


def verify_locked(
    package: Package, hashes: Mapping[str, set[str]], request: Request, registries: Registries
) -> Answer:
    """Verify what a registry offers about the very files that a lockfile names by digest.

    Args:
        package: With a version.
        hashes: Algorithm to the hexadecimal digests that the lockfile has; strong ones.
        request: What is trusted and expected.
        registries: Where to ask.
    """
    expected = msgspec.structs.replace(request, package=(package.full_name, package.version))
    wanted = {value for values in hashes.values() for value in values}
    try:
        base = _base(package, registries.upstreams)
        files = offered(registries.client, base, package, wanted)
    except PratiqueError as error:
        return _unasked(package, error, request)
    answers: list[Answer] = []
    met: set[str] = set()
    for file in files:
        given = {one.algorithm.replace("-", "").lower(): one.value for one in file.digests}
        locked = {name: value for name, value in given.items() if value in hashes.get(name, ())}
        if locked:
            met.update(locked.values())
            answers.append(judged(file, Subject(file.name, locked), package, expected))
    stated = {algorithm for file in files for algorithm in _algorithms(file)}
    for algorithm, values in hashes.items():
        if algorithm in stated:
            answers += [_strange(package, algorithm, one, request) for one in sorted(values - met)]
        elif len(values) > len(met):  # no more files than those met, if it names them alike
            reason = f"the registry states no {algorithm} of its files, and the list does"
            answers.append(unknown(str(package), {}, reason, UNREACHED, request))
    return combined(str(package), answers, request)


def _algorithms(file: Offered) -> set[str]:
    return {one.algorithm.replace("-", "").lower() for one in file.digests}


def _strange(package: Package, algorithm: str, value: str, request: Request) -> Answer:
    error = VerificationError(
        f"the lockfile names {algorithm}:{value[:16]}…, and the registry has no such file of "
        f"{package.full_name} {package.version}",
        error="ErrorMismatchHash",
        remedy="Find out which of the two was changed before you install it.",
    )
    subject = Subject(str(package), {algorithm: value})
    return answer(subject, (failed(error, "registry-digest"),), request)


def judged(file: Offered, subject: Subject, package: Package, request: Request) -> Answer:
    """The answer about one file, by what its registry offers."""
    found: list[VerifiedEvidence] = []
    if package.type == "pypi":
        try:
            check_release(subject.name, package)
        except VerificationError as error:
            found.append(msgspec.structs.replace(failed(error, "registry"), path=file.url))
    if file.evidence:
        found += judge_documents(file.evidence, file.origin, subject, request)
    found += [_signature(one, subject, package, file, request) for one in file.signatures]
    if file.unknown:
        return unknown(subject.name, subject.digests, file.unknown, UNREACHED, request, found)
    if not found:
        one = answer(subject, (), request)
        return msgspec.structs.replace(one, reason=ABSENT, next_action=ABSENT_ACTION)
    return answer(subject, found, request)


def check_release(name: str, package: Package) -> None:
    """Check that a file is one of the package: an index could list another project's.

    Raises:
        VerificationError: It is another's, or no distribution.
    """
    if not is_of(name, package.name, package.version):
        raise VerificationError(
            f"the index lists {name[:120]}, which is not of {package.name} {package.version}",
            error="ErrorMismatchPackageName",
            remedy="Do not use the file: it is of another package.",
        )


def _signature(
    one: tuple[str, str], subject: Subject, package: Package, file: Offered, request: Request
) -> VerifiedEvidence:
    """Evidence of one of ``dist.signatures``, which are over the digest that is asked about."""
    key, signature = one
    digest = subject.digests.get("sha512", "")
    said = f"sha256:{hashlib.sha256(signature.encode()).hexdigest()}"
    try:
        if not digest:
            raise InputError("the registry signs SHA-512 digests, and none is known here")
        name = f"{package.full_name}@{package.version}"
        keys = request.registry_keys or None
        grade = verify_registry_signature(name, integrity_of(digest), key, signature, keys=keys)
    except PratiqueError as error:
        bad = failed(error, SIGNATURE)
        return msgspec.structs.replace(bad, path=file.signed_at, digest=said)
    ended = grade is Grade.TIME_UNPROVEN
    return VerifiedEvidence(
        grade=grade,
        kind=SIGNATURE,
        path=file.signed_at,
        digest=said,
        subject=str(subject),
        identity=f"key:{key}",
        cause="the registry's key has ended, and nothing shows that the signature is older"
        if ended
        else "",
        next_action="Ask the registry to sign the version anew." if ended else "",
    )


def _base(package: Package, upstreams: Mapping[str, Upstream]) -> str:
    if not package.version:
        raise InputError(
            f"{package} has no version.", remedy="Write the version: pkg:pypi/alpha@1.0."
        )
    if elsewhere := ELSEWHERE & dict(package.qualifiers).keys():
        raise AbsentError(f"the package is from elsewhere ({', '.join(sorted(elsewhere))})")
    if package.type not in {"pypi", "npm"}:
        raise AbsentError(f"no evidence is known to be offered for {package.type} packages")
    upstream = upstreams.get(WORDS[package.type])
    if upstream is None:
        raise UpstreamError(
            f"no configuration names a registry for {WORDS[package.type]}.",
            remedy=f"Name it with --registry {WORDS[package.type]}=URL.",
        )
    return upstream.url


def _unasked(package: Package, error: PratiqueError, request: Request) -> Answer:
    """An answer without evidence: there is none, or nobody knows."""
    if not isinstance(error, AbsentError):
        return unknown(str(package), {}, error.message, error.remedy or UNREACHED, request)
    one = answer(Subject(str(package), {}), (), request)
    return msgspec.structs.replace(one, reason=error.message, next_action=ABSENT_ACTION)
