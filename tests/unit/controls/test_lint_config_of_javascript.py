"""What npm, Yarn, pnpm and Bun make of their configuration, a case a rule."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pratique.controls.configs.names import parse
from pratique.controls.configs.service import judge

Rules = Callable[..., list[tuple[str, str, int]]]
INSIDE = "https://packages.acme.test/feed/"
PUBLIC = "https://registry.public.example/feed/"

CASES = [
    ({".yarnrc.yml": "enableOfflineMode: true\n"}, ("@acme/ui",), None, 0),
    # npm, Yarn 1, Bun
    ({".npmrc": f"registry={INSIDE}\nregistry={PUBLIC}\n"}, ("x",), "mapping-points-to-public", 2),
    ({".npmrc": "save-exact=true\n"}, ("@acme/ui",), "default-public-remains", 1),
    ({".npmrc": f"registry={INSIDE}\nstrict-ssl=false\n"}, (), "insecure-transport", 2),
    ({".npmrc": "offline=true\n"}, ("@acme/ui",), None, 0),
    (
        {".npmrc": f"@acme:registry={PUBLIC}\nregistry={INSIDE}"},
        ("@acme/ui",),
        "mapping-points-to-public",
        1,
    ),
    ({".yarnrc": f'"@acme:registry" "{INSIDE}"\n'}, ("@acme/ui",), None, 0),
    ({".yarnrc": f'registry "{PUBLIC}"\n'}, ("x",), "mapping-points-to-public", 1),
    (
        {"bunfig.toml": f'[install.scopes]\nacme = "{INSIDE}"\n'},
        ("@acme/ui", "pkg:npm/x"),
        "mapping-misses-name",
        2,
    ),
    # Yarn 2+
    (
        {".yarnrc.yml": f"npmScopes:\n  '@acme':\n    npmRegistryServer: {INSIDE}\n"},
        (),
        "mapping-ineffective",
        2,
    ),
    ({".yarnrc.yml": "enableNetwork: false\n"}, ("@acme/ui",), None, 0),
    (
        {".yarnrc.yml": f"npmRegistryServer: {INSIDE}\nunsafeHttpWhitelist:\n  - p.acme.test\n"},
        (),
        "insecure-transport",
        3,
    ),
    (
        {".yarnrc.yml": f"npmRegistryServer: {INSIDE}\nchecksumBehavior: ignore\n"},
        (),
        "verification-off",
        2,
    ),
    # pnpm
    (
        {
            "pnpm-workspace.yaml": "packages: ['p/*']\n",
            "p/u/package.json": '{"name": "u", "version": "1.2.3"}',
            "p/a/package.json": '{"name": "a",\n"devDependencies": {"u": "^1.0.0"}}',
        },
        (),
        "fallback-to-public",
        2,
    ),
    (
        {
            "pnpm-workspace.yaml": "packages: ['p/*']\nlinkWorkspacePackages: true\n",
            "p/u/package.json": '{"name": "u", "version": "1.2.3"}',
            "p/a/package.json": '{"name": "a", "dependencies": {"u": "^1.0.0"}}',
        },
        (),
        None,
        0,
    ),
    (
        {
            "pnpm-workspace.yaml": "packages: ['p/*']\ncatalog:\n  u: workspace:*\n",
            "p/u/package.json": '{"name": "u", "version": "1.2.3"}',
            "p/a/package.json": '{"name": "a", "dependencies": {"u": "catalog:"}}',
        },
        (),
        None,
        0,
    ),
    (
        {"pnpm-workspace.yaml": "packages: ['p/*']\n", ".npmrc": f"registry={PUBLIC}\n"},
        ("x",),
        "mapping-points-to-public",
        1,
    ),
]


@pytest.mark.parametrize(("texts", "names", "rule", "line"), CASES, ids=range(len(CASES)))
def test_case(
    rules_of: Rules, texts: dict[str, str], names: tuple[str, ...], rule: str | None, line: int
) -> None:
    found = rules_of(texts, *names)
    assert [(one, at) for one, _, at in found] == ([(rule, line)] if rule else [])


def test_an_address_in_a_variable_is_not_settled() -> None:
    texts = {".npmrc": "registry=${NPM_REGISTRY}\n"}
    faults, unknown = judge(texts, parse(["@acme/ui"]), frozenset({"acme.test"}))
    assert faults == []
    assert "${NPM_REGISTRY}" in unknown[0].message


@pytest.mark.parametrize(
    ("version", "spec", "fits_it"),
    [
        ("1.2.3", "^1.0.0", True),
        ("2.0.0", "^1.0.0", False),
        ("0.2.5", "^0.2.3", True),
        ("0.3.0", "^0.2.3", False),
        ("0.0.4", "^0.0.3", False),
        ("1.3.0", "~1.2", False),
        ("1.2.9", "~1.2", True),
        ("1.9.0", "1.x", True),
        ("1.5.0", ">=1.2 <1.5", False),
        ("1.4.9", "1.2 - 1.4", True),
        ("3.0.0", "1 || ^3", True),
        ("1.0.0-rc.1", "^1.0.0", False),
        ("1.0.0", "nonsense", False),
        ("", "*", False),
    ],
)
def test_npm_ranges(version: str, spec: str, fits_it: bool) -> None:
    from pratique.controls.configs.pnpm import fits

    assert fits(version, spec) is fits_it
