"""Cargo: ``.cargo/config.toml`` with the manifests it is for.

A dependency without ``registry`` is asked of the default registry, or of what replaces that;
a ``[source]`` that replaces nothing is never asked (Cargo book, "Source Replacement",
"Registries").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.controls.configs.documents import Document, read_toml
from pratique.controls.configs.models import Fault, Source, Unreadable, folder_of
from pratique.controls.configs.pip import plain_http
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.controls.configs.models import Outcomes, Scene

DEFAULT = "crates-io"
"""Id of the registry that is built in."""

MAX_REPLACEMENTS = 20
"""Longest chain of ``replace-with``; Cargo itself refuses a loop."""

_GROUPS = ("dependencies", "dev-dependencies", "build-dependencies")


def judge(scene: Scene) -> Outcomes:
    """Judge every configuration with the manifests below it."""
    configs: dict[str, Document] = {}
    manifests: list[Document] = []
    for path, text in scene.files.items():
        name = path[len(folder_of(path)) :]
        config = (
            path.endswith((".cargo/config.toml", ".cargo/config")) or name == "cargo-config.toml"
        )
        if not config and name != "Cargo.toml":
            continue
        try:
            document = read_toml(text, path)
        except InputError as error:
            yield Unreadable(path, error.message)
            continue
        if config:
            configs[folder_of(path).removesuffix(".cargo/")] = document
        else:
            manifests.append(document)
    for folder, document in configs.items():
        below = [one for one in manifests if _nearest(one.path, configs) == folder]
        yield from _judge(document, below, scene)
    for one in manifests:
        if _nearest(one.path, configs) is None:
            yield from _judge(Document(one.path, {}, {}), [one], scene)


def _nearest(path: str, configs: dict[str, Document]) -> str | None:
    folders = [one for one in configs if path.startswith(one)]
    return max(folders, key=len, default=None)


def _judge(config: Document, manifests: list[Document], scene: Scene) -> Iterator[Fault]:
    yield from plain_http(
        Source(config.text("registries", name, "index"), config.at("registries", name, "index"))
        for name in config.table("registries")
    )
    if config.get("net", "offline") is True:
        return
    default = _replaced(config, DEFAULT)
    public = scene.hosts.public(default.url)
    said = False
    if public:
        for fault in _idle(config, scene):
            said = True
            yield fault
    if public and not said:
        for manifest in manifests:
            yield from _dependencies(config, manifest, manifests, default, scene)
    yield from _bound(config, manifests, scene)


def _replaced(config: Document, name: str) -> Source:
    """What is asked in the end where a source is named."""
    for _ in range(MAX_REPLACEMENTS):
        entry = config.table("source", name)
        following = entry.get("replace-with")
        if not isinstance(following, str):
            break
        name = following
    else:
        return Source("file:", config.at("source"))
    for key in ("registry", "git"):
        if isinstance(entry.get(key), str):
            return Source(entry[key], config.at("source", name, key), name)
    if "local-registry" in entry or "directory" in entry:
        return Source("file:", config.at("source", name), name)
    if name == DEFAULT:
        return Source("", config.at("source", DEFAULT), name)
    index = config.text("registries", name, "index")
    # Replaced with what is not defined: Cargo stops, nothing public is asked.
    return Source(index or "file:", config.at("registries", name, "index"), name)


def _idle(config: Document, scene: Scene) -> Iterator[Fault]:
    """Internal sources that nothing is replaced by."""
    used = {
        entry.get("replace-with")
        for entry in config.table("source").values()
        if isinstance(entry, dict)
    }
    for name, entry in config.table("source").items():
        if (
            name == DEFAULT
            or name in used
            or not isinstance(entry, dict)
            or "replace-with" in entry
        ):
            continue
        url = entry.get("registry")
        indexes = [config.text("registries", one, "index") for one in config.table("registries")]
        if isinstance(url, str) and url not in indexes and scene.hosts.internal(url):
            yield Fault(
                "mapping-ineffective",
                config.at("source", name, "registry"),
                f"the source {name} is never asked",
                "A [source] is used only where another one is replaced with it.",
                f'[registries.{name}] index = "{url}", and registry = "{name}" in the dependency',
            )


def _groups(manifest: Document) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    heads: list[tuple[str, ...]] = [(), ("workspace",)]
    heads += [("target", name) for name in manifest.table("target")]
    for head in heads:
        for group in _GROUPS:
            if manifest.table(*head, group):
                yield (*head, group), manifest.table(*head, group)


def _dependencies(
    config: Document,
    manifest: Document,
    manifests: list[Document],
    default: Source,
    scene: Scene,
) -> Iterator[Fault]:
    """Internal names that the default registry is asked for."""
    internal = set(scene.names.of("cargo"))
    patched = set(manifest.table("patch", DEFAULT)) | {
        name for one in manifests for name in one.table("patch", DEFAULT)
    }
    mapped = bool(config.table("registries"))
    for head, group in _groups(manifest):
        for key, entry in group.items():
            name = entry.get("package", key) if isinstance(entry, dict) else key
            if name not in internal or name in patched:
                continue
            if isinstance(entry, dict) and set(entry) & {
                "registry",
                "registry-index",
                "git",
                "path",
                "workspace",
            }:
                continue
            names = [one for one in config.table("registries") if one != DEFAULT]
            rule = "mapping-misses-name" if mapped else "default-public-remains"
            if default.url and not mapped:
                rule = "mapping-points-to-public"
            place, why = manifest.at(*head, key), "A dependency that names no registry is asked of"
            why += " the default one."
            if config.text("registry", "default") not in {"", DEFAULT}:
                rule, place = "mapping-ineffective", config.at("registry", "default")
                why += " registry.default is for publishing, and changes nothing here."
            yield Fault(
                rule,
                place,
                f"{name} is asked of {default.shown}",
                why,
                f'{key} = {{ version = "…", registry = "{names[0] if names else "INTERNAL"}" }}',
            )


def _bound(config: Document, manifests: list[Document], scene: Scene) -> Iterator[Fault]:
    """Internal names that are bound to a public registry."""
    internal = set(scene.names.of("cargo"))
    for manifest in manifests:
        for head, group in _groups(manifest):
            for key, entry in group.items():
                if not isinstance(entry, dict) or entry.get("package", key) not in internal:
                    continue
                which = entry.get("registry")
                url = config.text("registries", str(which), "index") if which else ""
                url = str(entry.get("registry-index") or entry.get("git") or url)
                if url and scene.hosts.public(url):
                    yield Fault(
                        "mapping-points-to-public",
                        manifest.at(*head, key),
                        f"{key} is bound to {Source(url, manifest.at()).shown}",
                        "The dependency names a public source.",
                        "Name the internal registry.",
                    )
