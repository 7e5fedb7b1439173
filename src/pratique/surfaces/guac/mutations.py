"""The mutations of the interface: each brings nouns or claims into the record."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from pratique.model.evidence import Verb
from pratique.store.nodes import open_nodes
from pratique.store.nouns import Noun, NounKind, parent, storable
from pratique.store.withdrawing import withdraw_bill, withdraw_claim
from pratique.surfaces.guac import shapes
from pratique.surfaces.guac.bills import bill_by_id
from pratique.surfaces.guac.errors import NotFoundError, RequestError
from pratique.surfaces.guac.ids import BILL, CLAIM, read_id
from pratique.surfaces.guac.inputs import ALL_VERSIONS, read_keys, read_nouns, read_subjects
from pratique.surfaces.guac.nouns import CACHE, id_of, node_of
from pratique.surfaces.guac.shapes import DECLARED, DISCOVERED, SHAPES
from pratique.surfaces.guac.values import given_moment, kept
from pratique.surfaces.guac.writing import Included, Saying, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pratique.store.nodes import Nodes
    from pratique.surfaces.guac.shapes import Shape

Arguments = dict[str, Any]


class Ingest(NamedTuple):
    """A pair of mutations that brings claims of one kind."""

    one: str
    many: str
    type: str
    subject: tuple[str, str]
    """Argument of the subject, for one and for many."""

    spec: tuple[str, str]
    object: tuple[str, str] = ("", "")


_SUBJECT = ("subject", "subjects")

INGESTS: tuple[Ingest, ...] = (
    Ingest("ingestCertifyBad", "ingestCertifyBads", "CertifyBad", _SUBJECT,
           ("certifyBad", "certifyBads")),
    Ingest("ingestCertifyGood", "ingestCertifyGoods", "CertifyGood", _SUBJECT,
           ("certifyGood", "certifyGoods")),
    Ingest("ingestPointOfContact", "ingestPointOfContacts", "PointOfContact", _SUBJECT,
           ("pointOfContact", "pointOfContacts")),
    Ingest("ingestHasMetadata", "ingestBulkHasMetadata", "HasMetadata", _SUBJECT,
           ("hasMetadata", "hasMetadataList")),
    Ingest("ingestCertifyLegal", "ingestCertifyLegals", "CertifyLegal", _SUBJECT,
           ("certifyLegal", "certifyLegals")),
    Ingest("ingestScorecard", "ingestScorecards", "CertifyScorecard", ("source", "sources"),
           ("scorecard", "scorecards")),
    Ingest("ingestVEXStatement", "ingestVEXStatements", "CertifyVEXStatement", _SUBJECT,
           ("vexStatement", "vexStatements"), ("vulnerability", "vulnerabilities")),
    Ingest("ingestCertifyVuln", "ingestCertifyVulns", "CertifyVuln", ("pkg", "pkgs"),
           ("certifyVuln", "certifyVulns"), ("vulnerability", "vulnerabilities")),
    Ingest("ingestSLSA", "ingestSLSAs", "HasSLSA", _SUBJECT, ("slsa", "slsaList"),
           ("builtBy", "builtByList")),
    Ingest("ingestHasSourceAt", "ingestHasSourceAts", "HasSourceAt", ("pkg", "pkgs"),
           ("hasSourceAt", "hasSourceAts"), ("source", "sources")),
    Ingest("ingestHashEqual", "ingestHashEquals", "HashEqual", ("artifact", "artifacts"),
           ("hashEqual", "hashEquals"), ("otherArtifact", "otherArtifacts")),
    Ingest("ingestDependency", "ingestDependencies", "IsDependency", ("pkg", "pkgs"),
           ("dependency", "dependencies"), ("depPkg", "depPkgs")),
    Ingest("ingestOccurrence", "ingestOccurrences", "IsOccurrence", _SUBJECT,
           ("occurrence", "occurrences"), ("artifact", "artifacts")),
    Ingest("ingestPkgEqual", "ingestPkgEquals", "PkgEqual", ("pkg", "pkgs"),
           ("pkgEqual", "pkgEquals"), ("otherPackage", "otherPackages")),
    Ingest("ingestVulnEqual", "ingestVulnEquals", "VulnEqual",
           ("vulnerability", "vulnerabilities"), ("vulnEqual", "vulnEquals"),
           ("otherVulnerability", "otherVulnerabilities")),
    Ingest("ingestVulnerabilityMetadata", "ingestBulkVulnerabilityMetadata",
           "VulnerabilityMetadata", ("vulnerability", "vulnerabilities"),
           ("vulnerabilityMetadata", "vulnerabilityMetadataList")),
)  # fmt: skip


def change(writer: Writer, field: str, arguments: Arguments) -> Any:
    """Do what a field of ``Mutation`` says.

    Args:
        writer: Writes for the tenant.
        field: Its name.
        arguments: Their values.

    Returns:
        What the field is answered with.

    Raises:
        RequestError: An input is not fit to be written; nothing is.
    """
    if field in _NOUNS:
        return _ingest_nouns(writer, *_NOUNS[field], arguments)
    if field in _OF:
        ingest, many = _OF[field]
        with open_nodes(writer.store, writer.tenant) as nodes:
            sayings = _sayings(nodes, ingest, arguments, many=many)
        ids = writer.say(sayings)
        return ids if many else ids[0]
    return _OTHERS[field](writer, arguments)


_OF = {name: (one, name == one.many) for one in INGESTS for name in (one.one, one.many)}

_NOUNS: dict[str, tuple[str, str, bool]] = {
    "ingestArtifact": ("Artifact", "artifact", False),
    "ingestArtifacts": ("Artifact", "artifacts", True),
    "ingestBuilder": ("Builder", "builder", False),
    "ingestBuilders": ("Builder", "builders", True),
    "ingestLicense": ("License", "license", False),
    "ingestLicenses": ("License", "licenses", True),
    "ingestPackage": ("Package", "pkg", False),
    "ingestPackages": ("Package", "pkgs", True),
    "ingestSource": ("Source", "source", False),
    "ingestSources": ("Source", "sources", True),
    "ingestVulnerability": ("Vulnerability", "vuln", False),
    "ingestVulnerabilities": ("Vulnerability", "vulns", True),
}


def _ingest_nouns(
    writer: Writer,
    type: str,
    argument: str,
    many: bool,
    arguments: Arguments,
) -> Any:
    given = arguments.get(argument)
    if given is None:
        raise RequestError(f"argument {argument} is not given")
    with open_nodes(writer.store, writer.tenant) as nodes:
        nouns = read_nouns(nodes, type, given if many else [given])
        new = writer.unmentioned(nodes, nouns)
    writer.mention(new)
    shown = _IDS.get(type, id_of)
    answers = [shown(noun) for noun in nouns]
    return answers if many else answers[0]


@lru_cache(maxsize=CACHE)
def _package_ids(noun: Noun) -> dict[str, str]:
    name = parent(noun) or noun
    space = parent(name) or name
    top = parent(space) or space
    return {
        "__typename": "PackageIDs",
        "packageTypeID": id_of(top),
        "packageNamespaceID": id_of(space),
        "packageNameID": id_of(name),
        "packageVersionID": id_of(noun),
    }


def _source_ids(noun: Noun) -> dict[str, str]:
    node = node_of(noun)
    return {
        "__typename": "SourceIDs",
        "sourceTypeID": node["id"],
        "sourceNamespaceID": node["namespaces"][0]["id"],
        "sourceNameID": id_of(noun),
    }


def _vulnerability_ids(noun: Noun) -> dict[str, str]:
    return {
        "__typename": "VulnerabilityIDs",
        "vulnerabilityTypeID": node_of(noun)["id"],
        "vulnerabilityNodeID": id_of(noun),
    }


_IDS: dict[str, Callable[[Noun], Any]] = {
    "Package": _package_ids,
    "Source": _source_ids,
    "Vulnerability": _vulnerability_ids,
}


# Claims


def _sayings(nodes: Nodes, ingest: Ingest, arguments: Arguments, *, many: bool) -> list[Saying]:
    shape = SHAPES[ingest.type]
    number = int(many)
    flags = arguments.get("pkgMatchType") or {}
    every = flags.get("pkg") == ALL_VERSIONS
    subjects = _nouns(
        nodes, arguments[ingest.subject[number]], next(iter(shape.subjects.values())), every=every
    )
    specs = _listed(arguments[ingest.spec[number]], many=many)
    objects: Sequence[Noun | None] = [None] * len(subjects)
    if ingest.object[number]:
        objects = _nouns(nodes, arguments[ingest.object[number]], shape.object_type, every=False)
    more = _MORE.get(ingest.type, _nothing)(nodes, arguments, len(specs), many)
    if not len(subjects) == len(specs) == len(objects) == len(more):
        raise RequestError(
            f"{ingest.many}: uneven lists of {len(subjects)} subjects and {len(specs)} claims"
        )
    found = []
    # Most claims of a request say the same of different nouns: that is one mapping.
    same: dict[tuple[Any, ...], dict[str, str]] = {}
    for subject, object, spec, extra in zip(subjects, objects, specs, more, strict=True):
        _check(ingest.type, spec)
        key = tuple(spec.items())
        if extra.said or any(isinstance(value, list) for value in spec.values()):
            said = said_of(shape, spec) | _storable(extra.said)
        elif (known := same.get(key)) is not None:
            said = known
        else:
            said = same[key] = said_of(shape, spec)
        found.append(Saying(shape.verb, subject, object or extra.object, said))
    return found


def said_of(shape: Shape, spec: dict[str, Any]) -> dict[str, str]:
    """What the record keeps of a claim's input, without what is empty."""
    said = {field.word: kept(field, spec.get(field.name)) for field in shape.fields}
    said |= _origin(spec)
    return _storable(said)


def _storable(said: dict[str, str]) -> dict[str, str]:
    """As the record keeps it: without what is empty, and what no database takes."""
    return {key: storable(text) for key, text in said.items() if text}


def _origin(spec: dict[str, Any]) -> dict[str, str]:
    return {
        shapes.WIRE: "1",
        shapes.ORIGIN: spec["origin"],
        shapes.COLLECTOR: spec["collector"],
        shapes.DOCUMENT: spec["documentRef"],
    }


def _listed(value: Any, *, many: bool) -> list[Any]:
    return value if many else [value]


def _nouns(nodes: Nodes, given: Any, type: str, *, every: bool) -> list[Noun]:
    """The nouns of an argument: of a union, of one input, or of many."""
    if isinstance(given, dict) and not any(key.endswith(("ID", "Input")) for key in given):
        return read_subjects(nodes, given, every_version=every)
    many = given if isinstance(given, list) else [given]
    return read_nouns(nodes, type, many, every_version=every and type == "Package")


class _Extra(NamedTuple):
    """What only one verb has besides the fields of its table."""

    said: dict[str, str]
    object: Noun | None = None


def _nothing(_nodes: Nodes, _arguments: Arguments, count: int, _many: bool) -> list[_Extra]:
    return [_Extra({})] * count


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _checks(_nodes: Nodes, arguments: Arguments, _count: int, many: bool) -> list[_Extra]:
    specs = arguments["scorecards"] if many else [arguments["scorecard"]]
    return [
        _Extra({"checks": _json({row["check"]: row["score"] for row in spec["checks"]})})
        for spec in specs
    ]


def _build(nodes: Nodes, arguments: Arguments, _count: int, many: bool) -> list[_Extra]:
    specs = arguments["slsaList"] if many else [arguments["slsa"]]
    lists = arguments["builtFromList"] if many else [arguments["builtFrom"]]
    if len(specs) != len(lists):
        raise RequestError("ingestSLSAs: uneven lists of builtFrom and slsa")
    every = iter(read_nouns(nodes, "Artifact", [one for several in lists for one in several]))
    found = []
    for spec, given in zip(specs, lists, strict=True):
        parts = [next(every).text.partition(":") for _ in given]
        rows = [{"uri": "", "digest": {algorithm: digest}} for algorithm, _, digest in parts]
        pairs = [[row["key"], row["value"]] for row in spec["slsaPredicate"]]
        said = {"materials": _json(rows) if rows else "", "predicate": _json(pairs)}
        found.append(_Extra({key: text for key, text in said.items() if text}))
    return found


def _licences(nodes: Nodes, arguments: Arguments, _count: int, many: bool) -> list[_Extra]:
    columns = []
    for name in ("declaredLicenses", "discoveredLicenses"):
        given = arguments[f"{name}List"] if many else [arguments[name]]
        # All lists are looked up at once.
        every = iter(read_nouns(nodes, "License", [one for several in given for one in several]))
        columns.append([[next(every) for _ in several] for several in given])
    if len(columns[0]) != len(columns[1]):
        raise RequestError("ingestCertifyLegals: uneven lists of licences")
    found = []
    for declared, discovered in zip(*columns, strict=True):
        said = {
            DECLARED: _json([noun.text for noun in declared]),
            DISCOVERED: _json([noun.text for noun in discovered]),
        }
        found.append(_Extra(said, next(iter([*declared, *discovered]), None)))
    return found


_MORE: dict[str, Callable[[Nodes, Arguments, int, bool], list[_Extra]]] = {
    "CertifyScorecard": _checks,
    "HasSLSA": _build,
    "CertifyLegal": _licences,
}


def _check(type: str, spec: dict[str, Any]) -> None:
    """Refuse a VEX statement that says nothing (OpenVEX 0.2, "Status Labels").

    Raises:
        RequestError: It lacks a reason, or what to do.
    """
    if type != "CertifyVEXStatement":
        return
    bare = spec["vexJustification"] == "NOT_PROVIDED" and not spec["statement"]
    if bare and spec["status"] in {"NOT_AFFECTED", "AFFECTED"}:
        what = spec["status"].lower()
        raise RequestError(f"a VEX statement of status {what} needs a justification or a statement")


# Bills, and taking back


def _bills(writer: Writer, arguments: Arguments, *, many: bool) -> list[str]:
    with open_nodes(writer.store, writer.tenant) as nodes:
        given = arguments["subjects"] if many else arguments["subject"]
        subjects = read_subjects(nodes, given, every_version=False)
        specs = _listed(arguments["hasSBOMs" if many else "hasSBOM"], many=many)
        lists = _listed(arguments["includes"], many=many)
        if not len(subjects) == len(specs) == len(lists):
            raise RequestError("ingestHasSBOMs: uneven lists of subjects, bills and includes")
        rows = [
            (Saying(Verb.HAS_SBOM, subject, None, _bill_said(spec)), _includes(writer, nodes, one))
            for subject, spec, one in zip(subjects, specs, lists, strict=True)
        ]
    return [writer.bill(saying, includes) for saying, includes in rows]


def _bill_said(spec: dict[str, Any]) -> dict[str, str]:
    said = {
        "uri": spec["uri"],
        "algorithm": spec["algorithm"].lower(),
        "digest": spec["digest"].lower(),
        "download location": spec["downloadLocation"],
        "known since": given_moment(spec["knownSince"]),
        **_origin(spec),
    }
    return _storable(said)


def _includes(writer: Writer, nodes: Nodes, given: dict[str, list[str]]) -> Included:
    packages = read_nouns(nodes, "Package", [{"packageVersionID": id} for id in given["packages"]])
    if any(noun.kind is not NounKind.PACKAGE for noun in packages):
        raise RequestError("an included package has no version")
    artifacts = read_nouns(nodes, "Artifact", [{"artifactID": id} for id in given["artifacts"]])
    dependencies = read_keys(given["dependencies"], CLAIM)
    occurrences = read_keys(given["occurrences"], CLAIM)
    return Included(
        packages,
        artifacts,
        writer.included(nodes, dependencies, Verb.IS_DEPENDENCY),
        writer.included(nodes, occurrences, Verb.IS_OCCURRENCE),
    )


def _delete(writer: Writer, arguments: Arguments) -> bool:
    """Take a bill, a scan or a provenance back; other nodes cannot be."""
    text = arguments["node"]
    id = read_id(text)
    with open_nodes(writer.store, writer.tenant) as nodes:
        if id.kind == BILL and (bill := bill_by_id(nodes, text)):
            digest = bill.digest
        elif id.kind == CLAIM and (claim := nodes.claims_by_key([id.key]).get(id.key)):
            if claim.verb not in {Verb.CERTIFY_VULN, Verb.HAS_SLSA}:
                raise RequestError("only HasSBOM, HasSLSA and CertifyVuln can be deleted")
            digest = ""
        else:
            raise NotFoundError
    writer.withdrawal(text)
    if digest:
        return withdraw_bill(writer.store, writer.tenant, digest)
    return withdraw_claim(writer.store, writer.tenant, id.key)


_OTHERS: dict[str, Callable[[Writer, Arguments], Any]] = {
    "ingestHasSBOM": lambda writer, arguments: _bills(writer, arguments, many=False)[0],
    "ingestHasSBOMs": lambda writer, arguments: _bills(writer, arguments, many=True),
    "delete": _delete,
}
