"""What another version of CycloneDX says in other words or another shape.

Sources: the JSON schemas of CycloneDX 1.4 to 1.7 and the release notes of each.
"""

from __future__ import annotations

from typing import Any

_TYPES_SINCE = {
    "platform": ("1.5", "framework"),
    "device-driver": ("1.5", "firmware"),
    "machine-learning-model": ("1.5", "file"),
    "data": ("1.5", "file"),
    "cryptographic-asset": ("1.6", "file"),
}
"""Type of component to the version that brought it, and the nearest older one."""

_REFERENCES_14 = frozenset(
    {
        "advisories",
        "bom",
        "build-meta",
        "build-system",
        "chat",
        "distribution",
        "documentation",
        "issue-tracker",
        "license",
        "mailing-list",
        "other",
        "release-notes",
        "social",
        "support",
        "vcs",
        "website",
    }
)
"""Types of external references that 1.4 knows."""

_REFERENCES_SINCE = {
    "source-distribution": "1.6",
    "electronic-signature": "1.6",
    "digital-signature": "1.6",
    "rfc-9116": "1.6",
    "patent": "1.7",
    "patent-family": "1.7",
    "patent-assertion": "1.7",
    "citation": "1.7",
}
"""Types that came after 1.5; whatever else is not in 1.4 came with 1.5."""

_AGGREGATES_14 = frozenset(
    {
        "complete",
        "incomplete",
        "incomplete_first_party_only",
        "incomplete_third_party_only",
        "unknown",
        "not_specified",
    }
)
_METHODS_14 = frozenset({"CVSSv2", "CVSSv3", "CVSSv31", "OWASP", "other"})


def reshaped(bom: dict[str, Any], version: str) -> dict[str, Any]:
    """A value in the words and shapes of a version, as far as there are any.

    Args:
        bom: The value of a CycloneDX JSON document, which is changed.
        version: ``1.4`` to ``1.7``.
    """
    _walk(bom, "", version)
    if version < "1.5":
        bom.setdefault("version", 1)  # which later schemas take for granted
    metadata = bom.get("metadata")
    if isinstance(metadata, dict):
        _metadata(metadata, version)
    return bom


def _walk(value: Any, key: str, version: str) -> None:
    """Reshape every object; of a document of the depth that readers allow."""
    if isinstance(value, dict):
        for name, inner in value.items():
            _walk(inner, name, version)
        _object(value, key, version)
    elif isinstance(value, list):
        for inner in value:
            _walk(inner, key, version)


def _object(item: dict[str, Any], key: str, version: str) -> None:
    if key in {"components", "component", "ancestors", "descendants", "variants"}:
        _component(item, version)
    elif key == "externalReferences":
        _reference(item, version)
    elif key == "compositions" and version < "1.5":
        aggregate = item.get("aggregate")
        if isinstance(aggregate, str) and aggregate not in _AGGREGATES_14:
            item["aggregate"] = _shorter(aggregate)
    elif key == "ratings" and version < "1.5" and isinstance(method := item.get("method"), str):
        item["method"] = method if method in _METHODS_14 else "other"
    choices = item.get("licenses")
    if isinstance(choices, list) and version < "1.7":
        item["licenses"] = _choices(choices)


def _shorter(aggregate: str) -> str:
    """``incomplete_first_party_opensource_only`` as 1.4 can say it."""
    for start in ("incomplete_first_party", "incomplete_third_party"):
        if aggregate.startswith(start):
            return f"{start}_only"
    return "unknown"


def _component(item: dict[str, Any], version: str) -> None:
    since, older = _TYPES_SINCE.get(str(item.get("type")), ("", ""))
    if version < since:
        item["type"] = older
    if version >= "1.6":
        return
    names = _names(item.get("authors"))
    if names and "author" not in item:
        item["author"] = names
    evidence = item.get("evidence")
    if isinstance(evidence, dict) and isinstance(several := evidence.get("identity"), list):
        evidence["identity"] = several[0] if several else {}


def _names(people: Any) -> str:
    if not isinstance(people, list):
        return ""
    said = (one.get("name") or one.get("email") for one in people if isinstance(one, dict))
    return ", ".join(name for name in said if isinstance(name, str))


def _reference(item: dict[str, Any], version: str) -> None:
    type = item.get("type")
    if not isinstance(type, str) or type in _REFERENCES_14:
        return
    if version < _REFERENCES_SINCE.get(type, "1.5"):
        item["type"] = "distribution" if type == "source-distribution" else "other"


def _choices(choices: list[Any]) -> list[Any]:
    """Licences of which several are expressions, which only 1.7 takes, as named ones."""
    if len(choices) < 2:
        return choices
    return [
        {"license": {"name": one["expression"]}}
        if isinstance(one, dict) and isinstance(one.get("expression"), str)
        else one
        for one in choices
    ]


def _metadata(metadata: dict[str, Any], version: str) -> None:
    if version < "1.6" and "manufacture" not in metadata and "manufacturer" in metadata:
        metadata["manufacture"] = metadata.pop("manufacturer")
    tools = metadata.get("tools")
    if version < "1.5" and isinstance(tools, dict):
        used = [
            _tool(one)
            for key in ("components", "services")
            for one in (tools[key] if isinstance(tools.get(key), list) else ())
            if isinstance(one, dict)
        ]
        metadata["tools"] = used


def _tool(item: dict[str, Any]) -> dict[str, Any]:
    """A component or service that made the document as 1.4 describes a tool."""
    maker = next(
        (one for key in ("manufacturer", "supplier", "provider") if (one := item.get(key))), None
    )
    name = maker.get("name") if isinstance(maker, dict) else None
    vendor = name or item.get("publisher") or item.get("group")
    tool = {"vendor": vendor} if vendor else {}
    for key in ("name", "version", "hashes", "externalReferences"):
        if key in item:
            tool[key] = item[key]
    return tool
