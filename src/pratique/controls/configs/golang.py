"""Go: ``go.env`` and the variables that are set elsewhere.

What ``GONOPROXY`` (by default ``GOPRIVATE``) matches is fetched from its own host; every other
module is asked of the list ``GOPROXY`` in order, after a comma only where the one before has no
such module, after a bar on any error (Go modules reference, "Private modules").
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from pratique.controls.configs.models import Fault, Place, Source, folder_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.controls.configs.models import Outcomes, Scene

_SETTING = re.compile(r"^\s*(?:export\s+)?(?P<key>GO[A-Z0-9]+)\s*=\s*(?P<value>.*?)\s*$")

Variables = dict[str, Source]
"""Values by the name of the variable."""

NAMES = (
    "GOPROXY",
    "GOPRIVATE",
    "GONOPROXY",
    "GONOSUMDB",
    "GOSUMDB",
    "GOFLAGS",
    "GOINSECURE",
    "GONOSUMCHECK",
)
"""The variables that are read."""


def judge(scene: Scene) -> Outcomes:
    """Judge every ``go.env``."""
    for path, text in scene.files.items():
        if path[len(folder_of(path)) :] == "go.env" or path.endswith("go/env"):
            variables: Variables = {}
            for number, line in enumerate(text.split("\n"), 1):
                match = _SETTING.match(line)
                if match:
                    # Quotes are not taken off in this file: they are part of the value.
                    place = Place(path, number, match.start("value") + 1)
                    variables[match["key"]] = Source(match["value"], place)
            yield from judge_variables(variables, scene, Place(path))


def judge_variables(variables: Variables, scene: Scene, near: Place) -> Iterator[Fault]:
    """Judge a set of variables.

    Args:
        variables: What is set; the built-in values hold for the rest.
        scene: Names and hosts.
        near: Place for what is not set anywhere.
    """
    flags = _value(variables, "GOFLAGS")
    if "-mod=vendor" in flags:
        return
    proxies = _value(variables, "GOPROXY")
    place = variables["GOPROXY"].place if "GOPROXY" in variables else near
    asked = _asked(proxies) if proxies else [("", "")]
    public = [(url, end) for url, end in asked if scene.hosts.public(url)]
    yield from _bypasses(variables, bool(public), flags)
    bad = _malformed(variables) if public else None
    if bad is not None:
        yield bad
        return
    if not public:
        return
    names = scene.names.of("golang")
    if not names and any(scene.hosts.internal(url) for url, _ in asked):
        names = ("(any internal module)",)
    private = variables.get("GONOPROXY") or variables.get("GOPRIVATE")
    for name in names:
        if private is not None and matches(private.url, name):
            continue
        yield _fault(variables, private, name, asked, public, place)
        return


def _value(variables: Variables, key: str) -> str:
    return variables[key].url if key in variables else ""


def _asked(proxies: str) -> list[tuple[str, str]]:
    """Proxies that are asked, each with the sign after it; ``direct`` and ``off`` end them."""
    found = []
    for match in re.finditer(r"([^,|]+)([,|]?)", proxies):
        word = match[1].strip()
        if word in {"direct", "off"}:
            break
        if word and word != "noproxy":
            found.append((word, match[2]))
    return found


def matches(patterns: str, module: str) -> bool:
    """Whether a list of patterns matches a module path, or what it begins with.

    Source: ``module.MatchPrefixPatterns``: a pattern of n elements is held against the first n.
    """
    parts = module.split("/")
    for pattern in patterns.split(","):
        wanted = pattern.removesuffix("/").split("/")
        if (
            wanted != [""]
            and len(wanted) <= len(parts)
            and all(fnmatchcase(part, one) for part, one in zip(parts, wanted, strict=False))
        ):
            return True
    return False


def _malformed(variables: Variables) -> Fault | None:
    """A pattern that can match no module path."""
    for key in ("GONOPROXY", "GOPRIVATE"):
        if key not in variables:
            continue
        source = variables[key]
        for pattern in source.url.split(","):
            scheme = "://" in pattern
            if scheme or pattern != pattern.strip() or re.search(r"[\s;\"']", pattern.strip()):
                parts = re.split(r"[\s;,]+", source.url.strip(" \"'"))
                fixed = re.sub(r"^\s*\w+://", "", pattern) if scheme else ",".join(parts)
                return Fault(
                    "mapping-ineffective",
                    source.place,
                    f"the pattern {pattern.strip()[:80]!r} matches no module",
                    "Patterns are held against module paths: no scheme, no spaces, no quotes; "
                    "commas separate them.",
                    f"{key}={fixed}",
                )
        return None
    return None


def _fault(
    variables: Variables,
    private: Source | None,
    name: str,
    asked: list[tuple[str, str]],
    public: list[tuple[str, str]],
    place: Place,
) -> Fault:
    shown = Source(public[0][0], place).shown
    if private is not None and private.url.strip() not in {"", "none"}:
        rule, place = "mapping-misses-name", private.place
        why = "GOPRIVATE and GONOPROXY do not match it, so the proxies are asked."
    elif private is not None and "GOPRIVATE" in variables and "GONOPROXY" in variables:
        rule, place = "strategy-overridden", private.place
        why = "GONOPROXY comes before GOPRIVATE, and sends every module to the proxies."
    elif asked[0] == public[0]:
        rule = "public-first" if asked[0][0] else "default-public-remains"
        why = "No module path is marked private, so the first proxy is asked first."
    else:
        rule = "fallback-to-public"
        why = (
            "After a bar the next proxy is asked on any error."
            if "|" in {end for _, end in asked}
            else "After a comma the next proxy is asked where the one before has no such module."
        )
    path = name.partition("/")[0] if "(" not in name else "git.your.host"
    return Fault(rule, place, f"{name} is asked of {shown}", why, f"GOPRIVATE={path}/*")


def _bypasses(variables: Variables, public: bool, flags: str) -> Iterator[Fault]:
    source = variables.get("GOINSECURE")
    if source is not None and source.url.strip():
        yield Fault(
            "insecure-transport",
            source.place,
            f"modules that match {source.url[:80]} may be fetched without encryption",
            "GOINSECURE takes http and any certificate.",
            "Unset GOINSECURE.",
        )
    off = variables.get("GOSUMDB")
    every = variables.get("GONOSUMDB") or variables.get("GOPRIVATE")
    loose = off if off is not None and off.url == "off" else None
    if every is not None and "*" in every.url.split(","):
        loose = loose or every
    if public and loose is not None:
        yield Fault(
            "verification-off",
            loose.place,
            "public modules are not held against the checksum database",
            "Nothing else notices a public proxy that gives other content for a known version.",
            "Unset GOSUMDB; name internal paths alone in GOPRIVATE.",
        )
    if "-insecure" in flags:
        yield Fault(
            "insecure-transport",
            variables["GOFLAGS"].place,
            "-insecure takes http and any certificate",
            "The flag holds for every command.",
            "Remove -insecure.",
        )
