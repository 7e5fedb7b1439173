"""What is known of one noun, and what people say of it."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from pratique.graph.models import Knowledge
from pratique.model.errors import InputError, UsageError
from pratique.model.evidence import Verb
from pratique.model.nouns import Artifact
from pratique.model.purl import Package
from pratique.store import nouns
from pratique.store.documents import Claim, DocumentKind, Entry
from pratique.store.nouns import Noun, NounKind

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.store.record import Record, Stated

SCHEMA = "pratique/certification/1"


def noun_of(text: str) -> Noun:
    """The noun that a user names: a package URL, ``algorithm:hex``, ``git+https://…`` or an id.

    A package URL without a version is the package at any version.

    Raises:
        UsageError: It is none of these.
    """
    text = text.strip()
    if text.startswith("pkg:"):
        package = Package.parse(text)
        return nouns.package(package) if package.version else nouns.package_name(package)
    head = text.partition(":")[0].lower()
    if head.endswith("+https") or head.startswith(("git+", "hg+", "svn+")):
        return Noun(NounKind.SOURCE, text)
    if ":" in text and not text.lower().startswith(("http:", "https:", "cpe:", "rhsa-")):
        try:
            return nouns.artifact(Artifact.parse(text))
        except InputError:
            pass
    if "-" in text and " " not in text and "/" not in text:
        return nouns.vulnerability(text)
    raise UsageError(
        f"{text[:80]!r} is no package URL, digest, source or vulnerability.",
        remedy="Write pkg:type/name@version, sha256:…, git+https://… or CVE-….",
    )


def known(record: Record, text: str) -> Knowledge:
    """Everything that is known of a noun.

    Raises:
        UsageError: The text names none.
        InputError: It is a package URL that cannot be read.
    """
    noun = noun_of(text)
    same = [noun]
    if noun.kind is NounKind.PACKAGE_NAME:
        same.append(Noun(NounKind.PACKAGE, noun.text))  # named without a version by a bill
    numbers = list(record.find(same).values())
    below = record.below(numbers) if noun.kind is NounKind.PACKAGE_NAME else {}
    about = [*numbers, *below]
    if noun.kind is NounKind.PACKAGE:  # what is said of every version is said of this one
        about += record.above(numbers).values()
    holders = record.holders([*numbers, *below])
    held = {number for number, _ in holders}
    stated = record.evidence(about=about, naming=numbers)
    spoken = {one.subject for one in stated}
    return Knowledge(
        noun=noun.text,
        kind=noun.kind.name.lower().replace("_", " "),
        evidence=tuple(stated),
        versions=tuple(sorted(t for n, t in below.items() if n in held or t in spoken)),
        shipments=tuple(record.shipments({sbom for _, sbom in holders})),
    )


def certified_bad(record: Record) -> list[Stated]:
    """Everything that somebody certified to be bad."""
    return record.evidence(verbs=[Verb.CERTIFY_BAD])


def products_with(record: Record, text: str) -> list[str]:
    """Names of the products whose bills contain a package, or a package with a digest.

    Args:
        record: What the tenant sees.
        text: A package URL, which without version means every one, or a digest.
    """
    noun = noun_of(text)
    numbers = list(record.find([noun, Noun(NounKind.PACKAGE, noun.text)]).values())
    if noun.kind is NounKind.PACKAGE_NAME:
        numbers += record.below(numbers)
    elif noun.kind is NounKind.ARTIFACT:
        stated = record.evidence(naming=numbers, verbs=[Verb.IS_OCCURRENCE])
        named = [Noun(NounKind.PACKAGE, one.subject) for one in stated]
        numbers = list(record.find(named).values())
    sboms = {sbom for _, sbom in record.holders(numbers)} | set(record.described_by(numbers))
    return sorted({one.product for one in record.shipments(sboms)})


def certification(
    text: str, verb: Verb, said: dict[str, str], *, collector: str, observed: datetime
) -> Entry:
    """What a person says of a noun, as a document like any other.

    The same said twice is one document.

    Args:
        text: The noun.
        verb: CertifyGood, CertifyBad or PointOfContact.
        said: The verb's fields: ``justification``, ``email`` …
        collector: Who says so.
        observed: When.

    Raises:
        UsageError: The text names no noun.
        InputError: It is a package URL that cannot be read.
    """
    noun = noun_of(text)
    value = {"schema": SCHEMA, "verb": verb.value, "subject": noun.text, "by": collector, **said}
    raw = msgspec.json.encode(value, order="sorted")
    return Entry(
        digest=f"sha256:{sha256(raw).hexdigest()}",
        raw=raw,
        kind=DocumentKind.CERTIFICATION,
        format=SCHEMA,
        path=noun.text,
        collector=collector,
        observed=observed,
        claims=(Claim(verb=verb, subject=noun, said=said),),
    )
