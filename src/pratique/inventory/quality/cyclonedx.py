"""The sheet of a CycloneDX value.  Source: CycloneDX 1.7 JSON schema, BSI's property taxonomy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.base import MAX_DEPTH, MAX_ITEMS
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
    metadata = _object(value.get("metadata"))
    main = metadata.get("component")
    parts = tuple(_part(item, path) for item, path in _components(value, main))
    refs = {part.ref for part in parts} | _services(value.get("services"))
    edges: dict[str, tuple[str, ...]] = {}
    dangling: dict[str, None] = {}
    for entry in _objects(value.get("dependencies")):
        ref = _text(entry, "ref")
        targets = tuple(t for t in _list(entry.get("dependsOn")) if isinstance(t, str))
        dangling |= dict.fromkeys(one for one in (ref, *targets) if one not in refs)
        edges[ref] = (*edges.get(ref, ()), *targets)
    tools = metadata.get("tools")
    if isinstance(tools, dict):
        tools = [*_list(tools.get("components")), *_list(tools.get("services"))]
    organisations = ("manufacturer", "manufacture", "supplier")
    authors = [_contact(one) for one in _objects(metadata.get("authors"))]
    authors += [_organisation(metadata.get(key)) for key in organisations]
    return Sheet(
        standard=bill.standard,
        form=bill.form,
        version=bill.version,
        identifier=_text(value, "serialNumber"),
        created=_text(metadata, "timestamp"),
        authors=tuple(one for one in authors if one),
        tools=tuple(name for one in _objects(tools) if (name := _text(one, "name").strip())),
        contexts=tuple(
            _text(one, "phase") or _text(one, "name")
            for one in _objects(metadata.get("lifecycles"))
        ),
        data_licenses=tuple(text for text, _ in _licenses(metadata)),
        primary=parts[0].ref if isinstance(main, dict) else "",
        parts=parts,
        edges=edges,
        dangling=tuple(dangling),
        completeness=any(_text(one, "aggregate") for one in _objects(value.get("compositions"))),
        vulnerabilities=len(_list(value.get("vulnerabilities"))),
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
    items = enumerate(_list(owner.get("components")))
    return [(one, f"{prefix}components[{number}]") for number, one in items]


def _services(services: Any) -> set[str]:
    found, waiting = set(), _objects(services)
    while waiting:
        one = waiting.pop()
        waiting += _objects(one.get("services"))
        found.add(_text(one, "bom-ref"))
    return found


def _part(item: dict[str, Any], path: str) -> Part:
    references = _objects(item.get("externalReferences"))
    properties = {_text(p, "name"): _text(p, "value") for p in _objects(item.get("properties"))}
    stated = list(_licenses(item))
    deployed = [one for one in references if _text(one, "type") in _DEPLOYED]
    sources = [one for one in references if _text(one, "type") == "source-distribution"]
    vcs = [one for one in references if _text(one, "type") == "vcs"]
    truths = {
        key: properties.get(f"bsi:component:{key}", "").lower() in known
        for key, known in _TRUTHS.items()
    }
    swid = _text(_object(item.get("swid")), "tagId")
    ids = (swid, *_list(item.get("omniborId")), *_list(item.get("swhid")))
    creators = [
        _organisation(item.get("manufacturer")),
        *(_contact(one) for one in _objects(item.get("authors"))),
        Party(_text(item, "author")),
        Party(_text(item, "publisher")),
    ]
    return Part(
        ref=_text(item, "bom-ref") or _text(item, "purl") or path,
        path=path,
        name=_text(item, "name"),
        version=_text(item, "version"),
        type=_text(item, "type"),
        supplier=_organisation(item.get("supplier")),
        creators=tuple(one for one in creators if one),
        purls=_one(_text(item, "purl")),
        cpes=_one(_text(item, "cpe")),
        other_ids=tuple(one for one in ids if isinstance(one, str) and one),
        hashes=_hashes(item),
        declared=tuple(text for text, note in stated if note == "declared"),
        concluded=tuple(text for text, note in stated if note == "concluded"),
        licenses=tuple(text for text, _ in stated),
        copyright=_text(item, "copyright"),
        download=_url(deployed),
        source=_url(sources) or _url(vcs),
        source_hashes=tuple(digest for one in sources for digest in _hashes(one)),
        filename=properties.get("bsi:component:filename", ""),
        deployable=tuple(digest for one in deployed for digest in _hashes(one)),
        effective=properties.get("bsi:component:effectiveLicense", "")
        or properties.get("bsi:component:effectiveLicence", ""),
        security_txt=_url([one for one in references if _text(one, "type") == "rfc-9116"]),
        **truths,
    )


def _licenses(owner: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each licence with what it is acknowledged as."""
    for choice in _objects(owner.get("licenses")):
        named = _object(choice.get("license"))
        text = _text(choice, "expression") or _text(named, "id") or _text(named, "name")
        note = _text(named, "acknowledgement") or _text(choice, "acknowledgement")
        if text.strip() not in _ABSENT:
            yield text, note


def _hashes(owner: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (_text(one, "alg").replace("-", "").lower(), _text(one, "content").strip())
        for one in _objects(owner.get("hashes"))
        if _text(one, "content").strip()
    )


def _url(references: list[dict[str, Any]]) -> str:
    return next((url for one in references if "://" in (url := _text(one, "url"))), "")


def _organisation(value: Any) -> Party:
    entity = _object(value)
    contacts = _objects(entity.get("contact"))
    email = next((text for one in contacts if (text := _text(one, "email"))), "")
    urls = entity.get("url")
    url = next(
        (one for one in (urls if isinstance(urls, list) else [urls]) if isinstance(one, str)), ""
    )
    name = _text(entity, "name") or next((_text(one, "name") for one in contacts), "")
    return Party(name, email, url)


def _contact(value: dict[str, Any]) -> Party:
    return Party(_text(value, "name"), _text(value, "email"))


def _signed(value: Any) -> bool:
    """Whether a JSF signature is there, with a value and what verifies it or names the key."""
    signature = _object(value)
    many = [*_objects(signature.get("signers")), *_objects(signature.get("chain"))]
    return any(_text(one, "algorithm") and _text(one, "value") for one in (signature, *many))


def _one(text: str) -> tuple[str, ...]:
    return (text,) if text.strip() not in _ABSENT else ()


def _text(owner: dict[str, Any], key: str) -> str:
    value = owner.get(key)
    return value if isinstance(value, str) else ""


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in _list(value) if isinstance(one, dict)]
