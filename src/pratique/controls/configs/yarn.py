"""Yarn 2 and later: ``.yarnrc.yml``.

A scope is asked of its ``npmRegistryServer``, every other name of the one at the top;
``npmPublishRegistry`` is for publishing alone (Yarn documentation, "yarnrc").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.controls.configs.documents import Document, read_yaml
from pratique.controls.configs.models import Fault, Source, Unreadable, folder_of
from pratique.controls.configs.npm import Routing, route
from pratique.controls.configs.pip import plain_http
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.controls.configs.models import Outcomes, Scene


def judge(scene: Scene) -> Outcomes:
    """Judge every ``.yarnrc.yml``."""
    for path, text in scene.files.items():
        if path[len(folder_of(path)) :] not in {".yarnrc.yml", ".yarnrc.yaml"}:
            continue
        try:
            document = read_yaml(text, path)
        except InputError as error:
            yield Unreadable(path, error.message)
            continue
        yield from _judge(document, scene)


def _judge(document: Document, scene: Scene) -> Iterator[Fault]:
    default = Source(document.text("npmRegistryServer"), document.at("npmRegistryServer"))
    scopes, dead = {}, {}
    for key, value in document.table("npmScopes").items():
        at = ("npmScopes", key, "npmRegistryServer")
        if document.text(*at) and not key.startswith("@"):
            scopes[f"@{key}"] = Source(document.text(*at), document.at(*at))
        elif not isinstance(value, dict) or not document.text(*at):
            dead[f"@{key.lstrip('@')}"] = Source("", document.at("npmScopes", key))
        else:
            dead[key] = Source(document.text(*at), document.at("npmScopes", key))
    yield from plain_http([default, *scopes.values()])
    yield from _bypasses(document)
    if document.text("enableNetwork") == "false" or document.text("enableOfflineMode") == "true":
        return
    said = set()
    if scene.hosts.public(default.url):
        for scope, source in dead.items():
            said.add(scope)
            written = source.url
            yield Fault(
                "mapping-ineffective",
                source.place,
                f"{scope} is asked of {default.shown}",
                "A scope is written without its @."
                if written
                else "Only npmRegistryServer binds what is fetched; this scope has none.",
                f"npmScopes: {scope[1:]}: npmRegistryServer: {written or 'INTERNAL-REGISTRY'}",
            )
    yield from route(Routing(default, scopes, {}, {}), scene, said)


def _bypasses(document: Document) -> Iterator[Fault]:
    for place, host in enumerate(document.list("unsafeHttpWhitelist")):
        yield Fault(
            "insecure-transport",
            document.at("unsafeHttpWhitelist", place),
            f"{str(host)[:80]} may be asked without encryption",
            "unsafeHttpWhitelist allows http for the hosts it names.",
            "Remove the entry and serve the registry by https.",
        )
    if document.text("enableStrictSsl") == "false":
        yield Fault(
            "insecure-transport",
            document.at("enableStrictSsl"),
            "certificates are not verified",
            "enableStrictSsl: false accepts any certificate.",
            "Remove it; name the authority's certificate with httpsCaFilePath.",
        )
    if document.text("checksumBehavior") in {"ignore", "update"}:
        yield Fault(
            "verification-off",
            document.at("checksumBehavior"),
            "checksums of the lockfile are not enforced",
            f"checksumBehavior: {document.text('checksumBehavior')} takes changed content.",
            "checksumBehavior: throw",
        )
