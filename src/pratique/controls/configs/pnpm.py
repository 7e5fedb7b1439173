"""pnpm: ``pnpm-workspace.yaml`` with the ``.npmrc`` and the packages beside it.

Only ``workspace:`` binds a dependency to the package of the workspace; with
``linkWorkspacePackages`` the copy is taken where its version fits, and the registry is asked
where it does not (pnpm documentation, "Workspace").
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from pratique.controls.configs.documents import Document, read_json, read_yaml
from pratique.controls.configs.models import Fault, Source, Unreadable, folder_of
from pratique.controls.configs.names import Names
from pratique.controls.configs.npm import Routing, judge_routing, read
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.controls.configs.models import Outcomes, Scene

_GROUPS = ("dependencies", "devDependencies", "optionalDependencies")


def judge(scene: Scene) -> Outcomes:
    """Judge every workspace."""
    for path, text in scene.files.items():
        if path[len(folder_of(path)) :] not in {"pnpm-workspace.yaml", "pnpm-workspace.yml"}:
            continue
        try:
            document = read_yaml(text, path)
        except InputError as error:
            yield Unreadable(path, error.message)
            continue
        packages = []
        for found in _manifests(document, path, scene):
            if isinstance(found, Unreadable):
                yield found
            else:
                packages.append(found)
        routing = _routing(document, path, scene)
        members = {one.text("name"): one for one in packages if one.text("name")}
        uses = list(_uses(packages, members, document))
        yield from _linked(document, members, uses, routing, scene)
        names = {**scene.names.by_kind}
        names["npm"] = tuple(one for one in scene.names.of("npm") if one not in members)
        yield from judge_routing(routing, scene._replace(names=Names(names)))


_LOCAL = ("workspace:", "link:", "file:")


def _routing(document: Document, path: str, scene: Scene) -> Routing:
    beside = folder_of(path) + ".npmrc"
    base = read(scene.files.get(beside, ""), beside if beside in scene.files else path)
    default, scopes = base.default, dict(base.scopes)
    if not default.url:
        default = Source("", document.at())
    for key, value in document.table("registries").items():
        if not isinstance(value, str):
            continue
        source = Source(value, document.at("registries", key))
        if key == "default":
            default = source
        elif key.startswith("@"):
            scopes[key] = source
        else:
            base.dead[f"@{key}"] = source
    if document.text("registry") and not document.text("registries", "default"):
        default = Source(document.text("registry"), document.at("registry"))
    settings = dict(base.settings)
    if document.text("strictSsl"):
        settings["strict-ssl"] = Source(document.text("strictSsl"), document.at("strictSsl"))
    return Routing(default, scopes, settings, base.dead)


def _manifests(document: Document, path: str, scene: Scene) -> Iterator[Document | Unreadable]:
    """The packages of the workspace, its root among them."""
    top = folder_of(path)
    globs = [one for one in document.list("packages") if isinstance(one, str)]
    wanted = [one.strip("/").removeprefix("./") for one in globs if not one.startswith("!")]
    unwanted = [one[1:].strip("/") for one in globs if one.startswith("!")]
    for found, text in scene.files.items():
        if not found.startswith(top) or not found.endswith("package.json"):
            continue
        folder = folder_of(found)[len(top) :].rstrip("/")
        if folder and not any(_fits(folder, one) for one in wanted):
            continue
        if any(_fits(folder, one) for one in unwanted):
            continue
        try:
            yield read_json(text, found)
        except InputError as error:
            yield Unreadable(found, error.message)


def _fits(folder: str, glob: str) -> bool:
    if glob.endswith("/**"):
        return folder == glob[:-3] or folder.startswith(f"{glob[:-3]}/")
    return fnmatchcase(folder, glob) and folder.count("/") == glob.count("/")


def _uses(
    packages: list[Document], members: dict[str, Document], workspace: Document
) -> Iterator[tuple[str, str, Document, tuple[str, str]]]:
    """Each dependency on a package of the workspace: its name, what is wanted, and where."""
    overrides = workspace.table("overrides")
    for package in packages:
        for group in _GROUPS:
            for name, spec in package.table(group).items():
                if name not in members or not isinstance(spec, str):
                    continue
                wanted: Any = overrides.get(name, spec)
                if isinstance(wanted, str) and wanted.startswith("catalog:"):
                    which = wanted.removeprefix("catalog:")
                    default = which in {"", "default"}
                    wanted = (
                        workspace.get("catalog", name)
                        if default
                        else workspace.get("catalogs", which, name)
                    )
                yield name, wanted if isinstance(wanted, str) else spec, package, (group, name)


def _linked(
    document: Document,
    members: dict[str, Document],
    uses: list[tuple[str, str, Document, tuple[str, str]]],
    routing: Routing,
    scene: Scene,
) -> Iterator[Fault]:
    """Dependencies on workspace packages that the registry is asked for."""
    links = document.text("linkWorkspacePackages") in {"true", "deep"}
    for name, spec, package, at in uses:
        version = members[name].text("version")
        scope = name.partition("/")[0] if name.startswith("@") else ""
        source = routing.scopes.get(scope, routing.default)
        if spec.startswith(_LOCAL) or (links and fits(version, spec)):
            continue
        if scene.hosts.internal(source.url):
            continue
        why = (
            f"The workspace has {version or 'no version'}, which does not fit {spec}"
            if links
            else "linkWorkspacePackages is off, so only workspace: takes the package beside it"
        )
        yield Fault(
            "fallback-to-public",
            package.at(*at),
            f"{name} is in the workspace, but is asked of {source.shown}",
            f"{why}.",
            f'"{name}": "workspace:*"',
        )


_VERSION = re.compile(r"[v=\s]*(\d+)(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(-[0-9A-Za-z.-]+)?")


def fits(version: str, spec: str) -> bool:
    """Whether a version is in a range of npm's; a range that is not understood is one it is not in.

    Prereleases fit where a range names them alone.
    """
    have = _VERSION.fullmatch(version.partition("+")[0])
    if have is None or have[2] is None or have[3] is None:
        return False
    exact = version.partition("+")[0].strip("v= ")
    if have[4]:
        return any(part.strip().strip("^~=v") == exact for part in spec.split("||"))
    at = (int(have[1]), int(have[2]), int(have[3]))
    return any(_in(at, part.strip()) for part in spec.split("||"))


def _in(at: tuple[int, int, int], part: str) -> bool:
    if part in {"", "*", "x", "X", "latest"}:
        return True
    hyphen = re.fullmatch(r"(\S+)\s+-\s+(\S+)", part)
    if hyphen:
        part = f">={hyphen[1]} <={hyphen[2]}"
    tokens = re.findall(r"(\^|~>?|>=|<=|>|<|=)?\s*([^\s^~<>=]+)", part)
    return bool(tokens) and all(_holds(at, sign, text) for sign, text in tokens)


def _holds(at: tuple[int, int, int], sign: str, text: str) -> bool:
    match = _VERSION.fullmatch(text)
    if match is None:
        return text in {"*", "x", "X"}
    given = [int(one) for one in match.groups()[:3] if one and one.isdecimal()]
    low = (*given, 0, 0, 0)[:3]
    width = len(given)
    after = _after(given, width)
    match sign:
        case ">=":
            return at >= low
        case ">":
            return at > low if width == 3 else at >= after
        case "<":
            return at < low
        case "<=":
            return at <= low if width == 3 else at < after
        case "^":
            lead = next((place for place, one in enumerate(given) if one), width - 1)
            return low <= at < _after(given, lead + 1)
        case "~" | "~>":
            return low <= at < _after(given, min(width, 2))
        case _:
            return at == low if width == 3 else low <= at < after


def _after(given: list[int], width: int) -> tuple[int, ...]:
    """The first version after all that begin with so many numbers."""
    head = given[:width]
    return (*head[:-1], head[-1] + 1, 0, 0, 0)[:3]
