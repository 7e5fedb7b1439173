"""What Go, Cargo, NuGet, Bundler, Composer, images and pipelines are configured to, a case a rule."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Rules = Callable[..., list[tuple[str, str, int]]]
INSIDE = "https://packages.acme.test/feed/"
PUBLIC = "https://registry.public.example/feed/"
NUGET = '<configuration><packageSources><clear/>\n<add key="in" value="{}"/>\n<add key="out" value="{}"/></packageSources>{}</configuration>'

CASES = [
    (
        {
            ".cargo/config.toml": f'[registries.in]\nindex = "{INSIDE}"\n[registry]\ndefault = "in"\n',
            "Cargo.toml": '[dependencies]\nx = "1"\n',
        },
        ("x",),
        "mapping-ineffective",
        4,
    ),
    ({"go.env": 'GOPRIVATE="git.acme.test/*"\n'}, ("git.acme.test/x",), "mapping-ineffective", 1),
    # NuGet
    ({"NuGet.Config": NUGET.format(INSIDE, PUBLIC, "")}, (), "merged-sources", 3),
    ({"nuget.config": NUGET.format("./local", INSIDE, "")}, ("Acme.Core",), None, 0),
    (
        {
            "nuget.config": NUGET.format(
                INSIDE,
                PUBLIC,
                '<packageSourceMapping>\n<packageSource key="in"><package pattern="*"/></packageSource><packageSource key="out">\n<package pattern="*"/></packageSource></packageSourceMapping>',
            )
        },
        ("Acme.Core",),
        "mapping-not-exclusive",
        5,
    ),
    (
        {
            "nuget.config": NUGET.format(
                INSIDE,
                PUBLIC,
                '<packageSourceMapping>\n<packageSource key="in"><package pattern="acme.*"/></packageSource><packageSource key="out">\n<package pattern="*"/></packageSource></packageSourceMapping>',
            )
        },
        ("Contoso.X", "Acme.Core"),
        "mapping-misses-name",
        5,
    ),
    (
        {
            "nuget.config": f'<configuration><packageSources><add key="in" value="{INSIDE}"/></packageSources><disabledPackageSources><add key="built-in" value="true"/></disabledPackageSources></configuration>'
        },
        (),
        None,
        0,
    ),
    # Cargo
    ({"Cargo.toml": '[dependencies]\nx = "1"\n'}, ("x",), "default-public-remains", 2),
    (
        {
            ".cargo/config.toml": f'[registries.in]\nindex = "{INSIDE}"\n',
            "Cargo.toml": '[target."cfg(unix)".dependencies]\ny = { package = "x", version = "1" }\n',
        },
        ("x",),
        "mapping-misses-name",
        2,
    ),
    (
        {
            ".cargo/config.toml": f'[source.crates-io]\nreplace-with = "m"\n[source.m]\nregistry = "{PUBLIC}"\n',
            "Cargo.toml": '[dependencies]\nx = "1"\n',
        },
        ("x",),
        "mapping-points-to-public",
        2,
    ),
    (
        {
            ".cargo/config.toml": '[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "vendor"\n',
            "Cargo.toml": '[dependencies]\nx = "1"\n',
        },
        ("x",),
        None,
        0,
    ),
    # Go
    ({"go.env": f"GOPROXY={INSIDE},{PUBLIC},direct\n"}, (), "fallback-to-public", 1),
    ({"go.env": f"GOPROXY={INSIDE},off\nGOSUMDB=off\n"}, ("git.acme.test/x",), None, 0),
    (
        {"go.env": "GOPRIVATE=git.acme.test\nGONOPROXY=none\n"},
        ("git.acme.test/x",),
        "strategy-overridden",
        2,
    ),
    ({"go.env": "GOPRIVATE=git.other.test/*\n"}, ("git.acme.test/x",), "mapping-misses-name", 1),
    ({"go.env": "GOFLAGS=-mod=vendor\n"}, ("git.acme.test/x",), None, 0),
    (
        {"go.env": f"GOPRIVATE=git.acme.test/*\nGOPROXY={PUBLIC}\nGOSUMDB=off\n"},
        ("git.acme.test/x",),
        "verification-off",
        3,
    ),
    ({"go.env": f"GOPROXY={INSIDE}\nGOINSECURE=git.acme.test\n"}, (), "insecure-transport", 2),
    # Composer, Bundler
    (
        {"composer.json": f'{{"repositories": [{{"type": "composer", "url": "{INSIDE}"}}]}}'},
        ("acme/x",),
        None,
        0,
    ),
    (
        {
            "composer.json": f'{{"repositories": [\n{{"type": "composer", "url": "{INSIDE}", "canonical": false}}]}}'
        },
        ("acme/x",),
        "fallback-to-public",
        2,
    ),
    ({"composer.json": '{"config": {"secure-http": false}}'}, (), "insecure-transport", 1),
    ({"Gemfile": f'source "{PUBLIC}"\nsource "{INSIDE}"\ngem "x"\n'}, (), "merged-sources", 1),
    ({"Gemfile": f'source "{PUBLIC}"\nsource "{INSIDE}" do\n  gem "x"\nend\n'}, (), None, 0),
    # Commands and variables
    (
        {
            "Dockerfile": f"FROM x\nRUN pip install \\\n  --index-url {INSIDE} \\\n  --extra-index-url {PUBLIC} a\n"
        },
        (),
        "merged-sources",
        4,
    ),
    ({"Dockerfile": f"FROM x\nENV PIP_INDEX_URL={INSIDE}\nRUN pip install a\n"}, (), None, 0),
    (
        {"Dockerfile": "FROM x\nRUN apk add curl && curl -sSf https://get.acme.test/i.sh | sh\n"},
        (),
        "piped-installer",
        2,
    ),
    (
        {".github/workflows/ci.yml": "env:\n  UV_INDEX_STRATEGY: unsafe-best-match\n"},
        (),
        "strategy-overridden",
        2,
    ),
    (
        {".github/workflows/ci.yml": f"- run: npm ci --registry {PUBLIC}\n"},
        ("@acme/ui",),
        "mapping-points-to-public",
        1,
    ),
    (
        {".github/workflows/ci.yml": "env:\n  NODE_TLS_REJECT_UNAUTHORIZED: '0'\n"},
        (),
        "insecure-transport",
        2,
    ),
    (
        {".gitlab-ci.yml": f"variables:\n  GOPROXY: {PUBLIC}\n"},
        ("git.acme.test/x",),
        "public-first",
        2,
    ),
]


@pytest.mark.parametrize(("texts", "names", "rule", "line"), CASES, ids=range(len(CASES)))
def test_case(
    rules_of: Rules, texts: dict[str, str], names: tuple[str, ...], rule: str | None, line: int
) -> None:
    found = rules_of(texts, *names)
    assert [(one, at) for one, _, at in found] == ([(rule, line)] if rule else [])


@pytest.mark.parametrize(
    ("patterns", "module", "covered"),
    [
        ("git.acme.test", "git.acme.test/a/b", True),
        ("git.acme.test/", "git.acme.test/a/b", True),
        ("*.acme.test", "git.acme.test/a", True),
        ("git.acme.test/a/*", "git.acme.test/a", False),
        ("git.acme.test/a/*", "git.acme.test/a/b/c", True),
        ("", "git.acme.test/a", False),
    ],
)
def test_go_patterns_match_what_a_path_begins_with(
    patterns: str, module: str, covered: bool
) -> None:
    from pratique.controls.configs.golang import matches

    assert matches(patterns, module) is covered
