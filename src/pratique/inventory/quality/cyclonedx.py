"""The sheet of a CycloneDX value.  Source: CycloneDX 1.7 JSON schema, BSI's property taxonomy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.base import MAX_DEPTH, MAX_ITEMS
from pratique.formats.shapes import array, mapping, objects_in, text_at
from pratique.inventory.quality.models import Part, Party, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.sbom.values import Bill

_ABSENT = frozenset({"", "NOASSERTION", "NONE"})
_TRUTHS = {
    "executable": frozenset({"executable", "non-executable", "true", "false"}),
    "archive": frozenset({"archive", "no archive", "true", "false"}),
    "structured": frozenset({"structured", "unstructured", "true", "false"}),
}
"""Values that BSI's properties may have: the taxonomy's, and what generators write."""

_DEPLOYED = ("distribution", "distribution-intake")


def sheet(bill: Bill) -> Sheet:
    """What a CycloneDX document states."""
    value = bill.value
    metadata = mapping(value.get("metadata"))
    main = metadata.get("component")
    parts = tuple(_part(item, path) for item, path in _components(value, main))
    refs = {part.ref for part in parts} | _services(value.get("services"))
    edges: dict[str, tuple[str, ...]] = {}
    dangling: dict[str, None] = {}
    for entry in objects_in(value.get("dependencies")):
        ref = text_at(entry, "ref")
        targets = tuple(t for t in array(entry.get("dependsOn")) if isinstance(t, str))
        dangling |= dict.fromkeys(one for one in (ref, *targets) if one not in refs)
        edges[ref] = (*edges.get(ref, ()), *targets)
    tools = metadata.get("tools")
    if isinstance(tools, dict):
        tools = [*array(tools.get("components")), *array(tools.get("services"))]
    organisations = ("manufacturer", "manufacture", "supplier")
    authors = [_contact(one) for one in objects_in(metadata.get("authors"))]
    authors += [_organisation(metadata.get(key)) for key in organisations]
    return Sheet(
        standard=bill.standard,
        form=bill.form,
        version=bill.version,
        identifier=text_at(value, "serialNumber"),
        created=text_at(metadata, "timestamp"),
        authors=tuple(one for one in authors if one),
        tools=tuple(name for one in objects_in(tools) if (name := text_at(one, "name").strip())),
        contexts=tuple(
            text_at(one, "phase") or text_at(one, "name")
            for one in objects_in(metadata.get("lifecycles"))
        ),
        data_licenses=tuple(text for text, _ in _licenses(metadata)),
        primary=parts[0].ref if isinstance(main, dict) else "",
        parts=parts,
        edges=edges,
        dangling=tuple(dangling),
        completeness=any(
            text_at(one, "aggregate") for one in objects_in(value.get("compositions"))
        ),
        vulnerabilities=len(array(value.get("vulnerabilities"))),
        signed=_signed(value.get("signature")),
    )


def _components(value: dict[str, Any], main: Any) -> Iterator[tuple[dict[str, Any], str]]:
    waiting: list[tuple[Any, str]] = _inner(value, "")[::-1]
    if isinstance(main, dict):
        waiting.append((main, "metadata.component"))
    count = 0
    while waiting and count < MAX_ITEMS:
        item, path = waiting.pop()
        if not isinstance(item, dict):
            continue
        count += 1
        yield item, path
        if path.count("components") < MAX_DEPTH:
            waiting += _inner(item, f"{path}.")[::-1]


def _inner(owner: dict[str, Any], prefix: str) -> list[tuple[Any, str]]:
    items = enumerate(array(owner.get("components")))
    return [(one, f"{prefix}components[{number}]") for number, one in items]


def _services(services: Any) -> set[str]:
    found, waiting = set(), objects_in(services)
    while waiting:
        one = waiting.pop()
        waiting += objects_in(one.get("services"))
        found.add(text_at(one, "bom-ref"))
    return found


def _part(item: dict[str, Any], path: str) -> Part:
    references = objects_in(item.get("externalReferences"))
    properties = {
        text_at(p, "name"): text_at(p, "value") for p in objects_in(item.get("properties"))
    }
    stated = list(_licenses(item))
    deployed = [one for one in references if text_at(one, "type") in _DEPLOYED]
    sources = [one for one in references if text_at(one, "type") == "source-distribution"]
    vcs = [one for one in references if text_at(one, "type") == "vcs"]
    truths = {
        key: properties.get(f"bsi:component:{key}", "").lower() in known
        for key, known in _TRUTHS.items()
    }
    swid = text_at(mapping(item.get("swid")), "tagId")
    ids = (swid, *array(item.get("omniborId")), *array(item.get("swhid")))
    creators = [
        _organisation(item.get("manufacturer")),
        *(_contact(one) for one in objects_in(item.get("authors"))),
        Party(text_at(item, "author")),
        Party(text_at(item, "publisher")),
    ]
    return Part(
        ref=text_at(item, "bom-ref") or text_at(item, "purl") or path,
        path=path,
        name=text_at(item, "name"),
        version=text_at(item, "version"),
        type=text_at(item, "type"),
        supplier=_organisation(item.get("supplier")),
        creators=tuple(one for one in creators if one),
        purls=_one(text_at(item, "purl")),
        cpes=_one(text_at(item, "cpe")),
        other_ids=tuple(one for one in ids if isinstance(one, str) and one),
        hashes=_hashes(item),
        declared=tuple(text for text, note in stated if note == "declared"),
        concluded=tuple(text for text, note in stated if note == "concluded"),
        licenses=tuple(text for text, _ in stated),
        copyright=text_at(item, "copyright"),
        download=_url(deployed),
        source=_url(sources) or _url(vcs),
        source_hashes=tuple(digest for one in sources for digest in _hashes(one)),
        filename=properties.get("bsi:component:filename", ""),
        deployable=tuple(digest for one in deployed for digest in _hashes(one)),
        effective=properties.get("bsi:component:effectiveLicense", "")
        or properties.get("bsi:component:effectiveLicence", ""),
        security_txt=_url([one for one in references if text_at(one, "type") == "rfc-9116"]),
        **truths,
    )


def _licenses(owner: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each licence with what it is acknowledged as."""
    for choice in objects_in(owner.get("licenses")):
        named = mapping(choice.get("license"))
        text = text_at(choice, "expression") or text_at(named, "id") or text_at(named, "name")
        note = text_at(named, "acknowledgement") or text_at(choice, "acknowledgement")
        if text.strip() not in _ABSENT:
            yield text, note


def _hashes(owner: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (text_at(one, "alg").replace("-", "").lower(), text_at(one, "content").strip())
        for one in objects_in(owner.get("hashes"))
        if text_at(one, "content").strip()
    )


def _url(references: list[dict[str, Any]]) -> str:
    return next((url for one in references if "://" in (url := text_at(one, "url"))), "")


def _organisation(value: Any) -> Party:
    entity = mapping(value)
    contacts = objects_in(entity.get("contact"))
    email = next((text for one in contacts if (text := text_at(one, "email"))), "")
    urls = entity.get("url")
    url = next(
        (one for one in (urls if isinstance(urls, list) else [urls]) if isinstance(one, str)), ""
    )
    name = text_at(entity, "name") or next((text_at(one, "name") for one in contacts), "")
    return Party(name, email, url)


def _contact(value: dict[str, Any]) -> Party:
    return Party(text_at(value, "name"), text_at(value, "email"))


def _signed(value: Any) -> bool:
    """Whether a JSF signature is there, with a value and what verifies it or names the key."""
    signature = mapping(value)
    many = [*objects_in(signature.get("signers")), *objects_in(signature.get("chain"))]
    return any(text_at(one, "algorithm") and text_at(one, "value") for one in (signature, *many))


def _one(text: str) -> tuple[str, ...]:
    return (text,) if text.strip() not in _ABSENT else ()
