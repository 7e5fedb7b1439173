"""The bill that in-toto metadata gives, and where each field of it comes from (section 7.1.2).

It is CycloneDX 1.6: the artifacts of the links as files, what provenance names
as dependencies, and what attested bills say.  The same metadata gives the same
bytes whatever version of this program derives it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import msgspec

from pratique.formats.sbom.convert.delta import copied
from pratique.formats.sbom.convert.mapping import spdx_to_cyclonedx
from pratique.formats.shapes import objects_within
from pratique.formats.slsa import PROVENANCE_TYPES, provenance_of
from pratique.model.errors import InputError
from pratique.model.purl import Package
from pratique.sboms.redact_cyclonedx_graph import rename
from pratique.sboms.signing import is_sbom_type, unwrapped

if TYPE_CHECKING:
    from datetime import datetime

    from .chain import Attested, Proven
    from .document import SbomitDocument, Sit

MARK = "pratique:sbomit:"
"""Start of the names of properties that say which step or attestation a component is of."""

MAX_EDGES = 50_000
"""Edges from products to materials that are drawn; beyond, the subject alone needs them."""

_NAMESPACE = UUID("5a3b0a52-3c2e-5b8f-9d54-0f4f9f1c7a90")
_ALGORITHMS = {
    "md5": "MD5",
    "sha1": "SHA-1",
    "sha256": "SHA-256",
    "sha384": "SHA-384",
    "sha512": "SHA-512",
    "sha3_256": "SHA3-256",
    "sha3_384": "SHA3-384",
    "sha3_512": "SHA3-512",
}
_LENGTHS = frozenset({32, 40, 64, 96, 128})
SUBJECT = "subject"


class Origin(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a field comes from."""

    kind: str
    """``link``, ``attestation``, ``document`` (the reference to it), ``stated`` (by the
    document), ``derived`` or ``mutation``."""

    name: str = ""
    """Of the step or attestation."""

    signers: tuple[str, ...] = ()

    @property
    def attested(self) -> bool:
        """Whether a mutation may not touch it: a signature is over it, or it leads to one."""
        return self.kind in {"link", "attestation", "document"}


class Derived:
    """A bill with the origin of each of its parts."""

    def __init__(self, value: dict[str, Any]) -> None:
        self.value = value
        self.origins: dict[str, Origin] = {}
        """Path of a part, as :func:`leaves` writes it, to its origin."""

        self.notices: list[str] = []

    def origin(self, path: str) -> Origin:
        """Origin of a leaf: that of the innermost part that has one."""
        at = path
        while at:
            if at in self.origins:
                return self.origins[at]
            cut = max(at.rfind("."), at.rfind("["))
            at = at[:cut] if cut > 0 else ""
        return Origin("derived")


def derive(document: SbomitDocument, proven: Proven, sit: Sit, now: datetime) -> Derived:
    """Derive a bill, before its mutation.

    Args:
        document: The document.
        proven: What its metadata proves.
        sit: Which bill.
        now: For conversions; the result does not depend on it.
    """
    digest = document.digest(sit)
    subject: dict[str, Any] = {
        "type": "application",
        "bom-ref": SUBJECT,
        "name": sit.subject.name,
    }
    if sit.subject.version:
        subject["version"] = sit.subject.version
    derived = Derived(
        {
            "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "serialNumber": f"urn:uuid:{uuid5(_NAMESPACE, digest)}",
            "version": 1,
            "metadata": {
                "lifecycles": [{"phase": "build"}],
                "tools": {"components": [{"type": "application", "name": "pratique"}]},
                "component": subject,
            },
            "components": [],
            "externalReferences": [
                {
                    "type": "attestation",
                    "url": f"urn:pratique:sbomit:sha256:{digest}",
                    "comment": "the SBOMit document that this is derived from",
                }
            ],
            "dependencies": [],
        }
    )
    for key in ("name", "version"):
        derived.origins[f"metadata.component.{key}"] = Origin("stated")
    derived.origins["externalReferences[0]"] = Origin("document")
    edges: dict[str, dict[str, None]] = {SUBJECT: {}}
    _files(derived, proven, edges)
    for one in proven.attested:
        _of_attestation(derived, one, edges, now)
    _edges(derived, proven, edges)
    return derived


def _files(derived: Derived, proven: Proven, edges: dict[str, dict[str, None]]) -> None:
    """The artifacts of all links, each once for each content that it had."""
    found: dict[str, dict[str, Any]] = {}
    roles: dict[str, dict[tuple[str, str], tuple[str, ...]]] = {}
    for step in proven.steps:
        for role, artifacts in (("material-of", step.materials), ("product-of", step.products)):
            for path, digests in artifacts.items():
                ref = file_ref(path, digests)
                found.setdefault(ref, {"path": path, "digests": digests})
                roles.setdefault(ref, {})[(role, step.name)] = step.signers
    for ref, one in sorted(found.items()):
        component: dict[str, Any] = {"type": "file", "bom-ref": ref, "name": one["path"] or "-"}
        if hashes := _hashes(one["digests"]):
            component["hashes"] = hashes
        component["properties"] = [
            {"name": f"{MARK}{role}", "value": step} for role, step in roles[ref]
        ]
        at = f"components[{len(derived.value['components'])}]"
        names = dict.fromkeys(step for _, step in roles[ref])
        signers = dict.fromkeys(key for keys in roles[ref].values() for key in keys)
        derived.origins[at] = Origin("link", ", ".join(names), tuple(signers))
        derived.value["components"].append(component)
    total = sum(len(step.materials) * len(step.products) for step in proven.steps)
    if total > MAX_EDGES:
        derived.notices.append(f"{total:,} edges from products to materials are not drawn")
        derived.value["compositions"] = [{"aggregate": "incomplete", "assemblies": [SUBJECT]}]
    last = proven.steps[-1]
    tops = {file_ref(path, sums): None for path, sums in sorted(last.products.items())}
    edges[SUBJECT] |= tops
    for step in proven.steps if total <= MAX_EDGES else ():
        materials = {file_ref(path, sums): None for path, sums in sorted(step.materials.items())}
        for path, sums in sorted(step.products.items()):
            ref = file_ref(path, sums)
            own = {one: None for one in materials if one != ref}
            edges[ref] = edges.get(ref, {}) | own


def file_ref(path: str, digests: dict[str, str]) -> str:
    """Reference of an artifact: its path, and the start of its strongest digest."""
    for algorithm in ("sha256", "sha512", "sha384", *digests):
        if algorithm in digests:
            return f"file:{path}@{algorithm}:{digests[algorithm][:16].lower()}"
    return f"file:{path}"


def _hashes(digests: dict[str, str]) -> list[dict[str, str]]:
    return [
        {"alg": _ALGORITHMS[name], "content": value.lower()}
        for name, value in sorted(digests.items())
        if name in _ALGORITHMS and len(value) in _LENGTHS
    ]


def _of_attestation(
    derived: Derived, one: Attested, edges: dict[str, dict[str, None]], now: datetime
) -> None:
    kind, origin = one.statement.predicate_type, Origin("attestation", one.name, (one.signer,))
    if is_sbom_type(kind):
        bom = _cyclonedx(one, now)
        if bom is None:
            derived.notices.append(f"{one.name} attests no bill of materials that can be read")
            return
        _take_over(derived, bom, origin, edges)
    elif kind in PROVENANCE_TYPES:
        for number, descriptor in enumerate(provenance_of(one.statement).dependencies):
            uri = descriptor.uri or descriptor.name or descriptor.download_location or ""
            component = _dependency(uri, descriptor.digests)
            component["bom-ref"] = f"{one.name}#{number}"
            _add(derived, component, origin)
            edges[SUBJECT][component["bom-ref"]] = None
    else:
        derived.notices.append(f"{one.name} is kept; nothing of the bill is derived from {kind}")


def _cyclonedx(one: Attested, now: datetime) -> dict[str, Any] | None:
    predicate: Any = unwrapped(one.statement.predicate)
    if isinstance(predicate, dict) and predicate.get("bomFormat") == "CycloneDX":
        found: dict[str, Any] = copied(predicate)
        return found
    if isinstance(predicate, dict) and str(predicate.get("spdxVersion")).startswith("SPDX-2"):
        return spdx_to_cyclonedx(predicate, "pratique", now)[0]
    return None


def _take_over(
    derived: Derived, bom: dict[str, Any], origin: Origin, edges: dict[str, dict[str, None]]
) -> None:
    """Take the components and edges of an attested bill, under references of its own."""
    metadata = bom.get("metadata")
    main = metadata.get("component") if isinstance(metadata, dict) else None
    listed = bom.get("components")
    components = [
        one
        for one in (main, *(listed if isinstance(listed, list) else ()))
        if isinstance(one, dict)
    ]
    names = {
        ref: f"{origin.name}#{ref}"
        for one in objects_within(components)
        if isinstance(ref := one.get("bom-ref"), str)
    }
    depends = [one for one in bom.get("dependencies") or () if isinstance(one, dict)]
    rename([components, depends], names)
    for number, component in enumerate(components):
        component.setdefault("bom-ref", f"{origin.name}#component-{number}")
        _add(derived, component, origin)
        if main is None or number == 0:
            edges[SUBJECT][component["bom-ref"]] = None
    for one in depends:
        targets = one.get("dependsOn")
        if isinstance(ref := one.get("ref"), str) and isinstance(targets, list):
            into = edges.setdefault(ref, {})
            into |= {target: None for target in targets if isinstance(target, str)}


def _add(derived: Derived, component: dict[str, Any], origin: Origin) -> None:
    stated = component.get("properties")
    properties = stated if isinstance(stated, list) else []
    # an attested bill may be one that was derived: its marks are not of this chain
    properties = [
        one
        for one in properties
        if not (isinstance(one, dict) and str(one.get("name")).startswith(MARK))
    ]
    mark = {"name": f"{MARK}attested-by", "value": origin.name}
    component["properties"] = [*properties, mark]
    derived.origins[f"components[{len(derived.value['components'])}]"] = origin
    derived.value["components"].append(component)


def _dependency(uri: str, digests: dict[str, str]) -> dict[str, Any]:
    component: dict[str, Any] = {"type": "library", "name": uri or "-"}
    if uri.startswith("pkg:"):
        try:
            package = Package.parse(uri)
        except InputError:
            package = None
        if package is not None:
            component |= {"name": package.full_name, "purl": str(package)}
            if package.version:
                component["version"] = package.version
    if hashes := _hashes(digests):
        component["hashes"] = hashes
    return component


def _edges(derived: Derived, proven: Proven, edges: dict[str, dict[str, None]]) -> None:
    names = ", ".join(step.name for step in proven.steps)
    for ref, targets in edges.items():
        entry: dict[str, Any] = {"ref": ref}
        if targets:
            entry["dependsOn"] = list(targets)
        at = f"dependencies[{len(derived.value['dependencies'])}]"
        derived.origins[at] = Origin("link", names)
        derived.value["dependencies"].append(entry)
