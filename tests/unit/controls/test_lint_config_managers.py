"""What each package manager makes of its configuration, a case a rule."""

from __future__ import annotations

import pytest

from pratique.controls.configs.names import parse
from pratique.controls.configs.service import judge

INSIDE = "https://packages.acme.test/feed/"
PUBLIC = "https://registry.public.example/feed/"


def rules(texts: dict[str, str], *names: str) -> list[tuple[str, str, int]]:
    """Rule, path and line of every fault; the inside host is known by its ending."""
    faults, unknown = judge(texts, parse(list(names)), frozenset({"acme.test"}))
    assert unknown == []
    return [(one.rule, one.place.path, one.place.line) for one in faults]


def maven(body: str) -> dict[str, str]:
    return {"settings.xml": f"<settings>\n{body}\n</settings>"}


REPO = f"<repository><id>acme</id><url>{INSIDE}</url></repository>"
ACTIVE = "<activeProfiles><activeProfile>p</activeProfile></activeProfiles>"
NUGET = '<configuration><packageSources><clear/>\n<add key="in" value="{}"/>\n<add key="out" value="{}"/></packageSources>{}</configuration>'

CASES = [
    (
        {
            "pip.conf": f"[global]\nindex-url={INSIDE}\nextra-index-url={PUBLIC}\n",
            "requirements.txt": "a==1 --hash=sha256:00\n",
        },
        (),
        None,
        0,
    ),
    (
        {
            "pip.conf": f"[global]\nindex-url={INSIDE}\nextra-index-url={PUBLIC}\n",
            "requirements.txt": "a==1 --hash=sha256:00\n",
            "requirements-dev.txt": "b\n",
        },
        (),
        "merged-sources",
        3,
    ),
    ({".yarnrc.yml": "enableOfflineMode: true\n"}, ("@acme/ui",), None, 0),
    (
        maven(
            f"<mirrors><mirror><id>m</id><url>{INSIDE}</url><mirrorOf>!x, *</mirrorOf></mirror></mirrors>"
        ),
        ("g:a",),
        "mapping-ineffective",
        2,
    ),
    (
        maven(
            f"<profiles><profile><id>d</id><activation><activeByDefault>true</activeByDefault></activation><repositories>{REPO.replace('>acme<', '>central<')}</repositories></profile><profile><id>p</id></profile></profiles>{ACTIVE}"
        ),
        ("g:a",),
        "mapping-ineffective",
        2,
    ),
    (
        maven(
            f"<profiles><profile><id>p</id><repositories>{REPO}<repository><id>central</id><url>{PUBLIC}</url><releases><enabled>false</enabled></releases><snapshots><enabled>false</enabled></snapshots></repository></repositories></profile></profiles>{ACTIVE}"
        ),
        ("g:a",),
        None,
        0,
    ),
    (
        {
            "build.gradle": f"repositories {{\n maven {{ url '{INSIDE}' }}\n mavenCentral {{ content {{ excludeGroupByRegex(/com\\.acme.*/) }} }}\n}}"
        },
        ("com.acme.x:y",),
        None,
        0,
    ),
    (
        {
            "init.gradle": f"settingsEvaluated {{ settings -> settings.pluginManagement {{ repositories {{\n maven {{ url '{INSIDE}' }} }} }} }}"
        },
        ("a.b (plugin)",),
        None,
        0,
    ),
    (
        {
            "init.gradle": "settingsEvaluated { settings -> settings.pluginManagement { repositories {\n gradlePluginPortal() } } }"
        },
        ("a.b (plugin)",),
        "plugin-path-unmapped",
        2,
    ),
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
    # pip
    ({"pip.conf": f"[global]\nextra-index-url = {INSIDE}\n"}, (), "default-public-remains", 2),
    ({"pip.conf": f"[global]\nindex-url={INSIDE}\nfind-links={PUBLIC}\n"}, (), "merged-sources", 3),
    ({"pip.conf": f"[global]\nindex-url={INSIDE}\nfind-links=./wheels\n"}, (), None, 0),
    ({"pip.conf": f"[global]\nno-index=true\nindex-url={PUBLIC}\n"}, ("a",), None, 0),
    ({"pip.conf": f"[global]\nindex-url={PUBLIC}\n"}, ("a",), "mapping-points-to-public", 2),
    (
        {"pip.conf": f"[global]\nindex-url={INSIDE}\ntrusted-host=x.acme.test\n"},
        (),
        "insecure-transport",
        3,
    ),
    ({"pip.conf": "[global]\nindex-url=http://p.acme.test/s\n"}, (), "insecure-transport", 2),
    (
        {"requirements.txt": f"--index-url {INSIDE}\n--extra-index-url {PUBLIC}\nx\n"},
        (),
        "merged-sources",
        2,
    ),
    (
        {
            "pip.conf": f"[global]\nindex-url={INSIDE}\n",
            "requirements.txt": f"--extra-index-url {PUBLIC}\n",
        },
        (),
        "merged-sources",
        1,
    ),
    # uv
    ({"uv.toml": f'[[index]]\nurl = "{INSIDE}"\n'}, (), None, 0),
    (
        {"uv.toml": f'extra-index-url = ["{INSIDE}"]\nindex-strategy = "unsafe-best-match"\n'},
        (),
        "strategy-overridden",
        2,
    ),
    (
        {"uv.toml": f'[[index]]\nurl = "{INSIDE}"\nignore-error-codes = [403]\n'},
        (),
        "fallback-to-public",
        2,
    ),
    (
        {"uv.toml": f'[[index]]\nname = "in"\nurl = "{INSIDE}"\nexplicit = true\n'},
        ("a",),
        "mapping-misses-name",
        3,
    ),
    (
        {
            "pyproject.toml": f'[[tool.uv.index]]\nname = "in"\nurl = "{INSIDE}"\nexplicit = true\n[tool.uv.sources]\nA_b = {{ index = "in" }}\n'
        },
        ("a-b",),
        None,
        0,
    ),
    (
        {
            "pyproject.toml": f'[[tool.uv.index]]\nname = "out"\nurl = "{PUBLIC}"\n[tool.uv.sources]\nab = {{ index = "out" }}\n'
        },
        ("ab",),
        "mapping-points-to-public",
        5,
    ),
    (
        {"uv.toml": f'index-url = "{INSIDE}"\n[pip]\nextra-index-url = ["{PUBLIC}"]\n'},
        (),
        "public-first",
        3,
    ),
    (
        {"uv.toml": f'index-url = "{INSIDE}"\nallow-insecure-host = ["h.acme.test"]\n'},
        (),
        "insecure-transport",
        2,
    ),
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
    # Maven
    (
        maven(
            f"<profiles><profile><id>p</id><repositories>{REPO}</repositories></profile></profiles>{ACTIVE}"
        ),
        (),
        "default-public-remains",
        2,
    ),
    (
        maven(
            f"<mirrors><mirror><id>m</id><url>{INSIDE}</url><mirrorOf>*,!x</mirrorOf></mirror></mirrors>"
        ),
        ("g:a",),
        None,
        0,
    ),
    (
        maven(
            f"<mirrors><mirror><id>m</id><url>{INSIDE}</url><mirrorOf>external:http:*</mirrorOf></mirror></mirrors>"
        ),
        (),
        "mapping-ineffective",
        2,
    ),
    (
        maven(
            f"<mirrors><mirror><id>m</id>\n<url>{PUBLIC}</url><mirrorOf>central</mirrorOf></mirror></mirrors><profiles><profile><id>p</id><repositories>{REPO}</repositories></profile></profiles>{ACTIVE}"
        ),
        (),
        "fallback-to-public",
        3,
    ),
    (maven("<offline>true</offline>"), ("g:a",), None, 0),
    # Gradle
    (
        {
            "build.gradle": f"repositories {{\n maven {{ url '{INSIDE}'\n content {{ includeGroup 'com.acme' }} }}\n mavenCentral()\n}}"
        },
        ("com.acme:x",),
        "mapping-not-exclusive",
        4,
    ),
    (
        {
            "build.gradle": f"repositories {{\n mavenCentral {{ content {{ excludeGroup 'com.acme' }} }}\n maven {{ url '{INSIDE}'\n content {{ includeGroup 'com.acme' }} }}\n}}"
        },
        ("com.acme.sub:x",),
        "mapping-misses-name",
        2,
    ),
    (
        {
            "build.gradle.kts": f'repositories {{\n exclusiveContent {{ forRepository {{ maven("{INSIDE}") }}\n filter {{ includeGroupByRegex("com\\\\.acme.*") }} }}\n mavenCentral()\n}}'
        },
        ("com.acme.x:y",),
        None,
        0,
    ),
    (
        {
            "settings.gradle.kts": f'val inner = "{INSIDE}"\ndependencyResolutionManagement {{ repositories {{\n maven {{ url = uri("${{inner}}maven") }}\n mavenCentral()\n}} }}'
        },
        (),
        "fallback-to-public",
        4,
    ),
    (
        {
            "build.gradle": f"// mavenCentral()\nrepositories {{ maven {{ url '{INSIDE}' }} }}\npublishing {{ repositories {{ mavenCentral() }} }}"
        },
        ("g:a",),
        None,
        0,
    ),
    (
        {"gradle.properties": "a=b\norg.gradle.dependency.verification=off\n"},
        (),
        "verification-off",
        2,
    ),
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
def test_case(texts: dict[str, str], names: tuple[str, ...], rule: str | None, line: int) -> None:
    found = rules(texts, *names)
    assert [(one, at) for one, _, at in found] == ([(rule, line)] if rule else [])


def test_every_rule_has_a_case() -> None:
    from pratique.controls.configs.rules import RULES

    told = {rule for _, _, rule, _ in CASES}
    assert set(RULES) <= told


def test_a_maven_plugin_is_looked_up_in_repositories_of_its_own() -> None:
    central = REPO.replace(">acme<", ">central<")
    body = f"<profiles><profile><id>p</id><repositories>{central}</repositories></profile></profiles>{ACTIVE}"
    assert [one[0] for one in rules(maven(body), "g:x-maven-plugin")] == ["plugin-path-unmapped"]
    assert [one[0] for one in rules(maven(body))] == ["plugin-path-unmapped"]
    assert rules(maven(body), "g:library") == []


def test_hosts_that_are_not_known_are_not_guessed() -> None:
    texts = {
        "pip.conf": "[global]\nindex-url=https://a.example/s\nextra-index-url=https://b.example/s\n"
    }
    faults, unknown = judge(texts, parse([]), frozenset())
    assert faults == []
    assert len(unknown) == 1
    assert "a.example, b.example" in unknown[0].message
    assert "--internal-host" in unknown[0].message
    settled, rest = judge(texts, parse([]), frozenset({"a.example"}))
    assert ([one.rule for one in settled], rest) == (["merged-sources"], [])
    assert judge(texts, parse([]), frozenset({"a.example", "b.example"})) == ([], [])


@pytest.mark.parametrize("tool", ["poetry", "pdm"])
def test_sources_that_are_not_judged_are_unknown(tool: str) -> None:
    texts = {"pyproject.toml": f'[[tool.{tool}.source]]\nname = "in"\nurl = "{INSIDE}"\n'}
    faults, unknown = judge(texts, parse([]), frozenset())
    assert faults == []
    assert f"sources of {tool} are not judged" in unknown[0].message


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
