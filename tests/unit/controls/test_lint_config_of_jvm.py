"""What Maven and Gradle make of their configuration, a case a rule."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Rules = Callable[..., list[tuple[str, str, int]]]
INSIDE = "https://packages.acme.test/feed/"
PUBLIC = "https://registry.public.example/feed/"


def maven(body: str) -> dict[str, str]:
    return {"settings.xml": f"<settings>\n{body}\n</settings>"}


REPO = f"<repository><id>acme</id><url>{INSIDE}</url></repository>"
ACTIVE = "<activeProfiles><activeProfile>p</activeProfile></activeProfiles>"

CASES = [
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
]


@pytest.mark.parametrize(("texts", "names", "rule", "line"), CASES, ids=range(len(CASES)))
def test_case(
    rules_of: Rules, texts: dict[str, str], names: tuple[str, ...], rule: str | None, line: int
) -> None:
    found = rules_of(texts, *names)
    assert [(one, at) for one, _, at in found] == ([(rule, line)] if rule else [])


def test_a_maven_plugin_is_looked_up_in_repositories_of_its_own(rules_of: Rules) -> None:
    central = REPO.replace(">acme<", ">central<")
    body = f"<profiles><profile><id>p</id><repositories>{central}</repositories></profile></profiles>{ACTIVE}"
    assert [one[0] for one in rules_of(maven(body), "g:x-maven-plugin")] == ["plugin-path-unmapped"]
    assert [one[0] for one in rules_of(maven(body))] == ["plugin-path-unmapped"]
    assert rules_of(maven(body), "g:library") == []
