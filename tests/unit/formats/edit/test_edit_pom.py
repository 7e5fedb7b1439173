"""pom.xml: versions, properties and dependency management."""

from __future__ import annotations

import pytest

from pratique.formats.edit import pom
from pratique.formats.edit.base import EditError
from pratique.formats.edit.pom import Version

POM = b"""\
<?xml version="1.0" encoding="UTF-8"?>
<!-- > a comment with <tags> -->
<project xmlns="http://maven.apache.org/POM/4.0.0" note=">">
    <groupId>org.example</groupId>
    <artifactId>ship</artifactId>
    <version>1.0</version>
    <properties>
        <alpha.version>1.0</alpha.version>
        <shared.version>2.0</shared.version>
    </properties>
    <dependencies>
        <dependency>
            <groupId>org.example</groupId>
            <artifactId>alpha</artifactId>
            <version>${alpha.version}</version>
        </dependency>
        <dependency>
            <groupId>${project.groupId}</groupId>
            <artifactId>beta</artifactId>
            <version><!-- why -->1.0</version>
        </dependency>
        <dependency>
            <groupId>org.example</groupId>
            <artifactId>gamma</artifactId>
            <version>${shared.version}</version>
            <exclusions><exclusion><groupId>a</groupId><artifactId>*</artifactId></exclusion></exclusions>
        </dependency>
        <dependency>
            <groupId>org.example</groupId>
            <artifactId>delta</artifactId>
            <version>${shared.version}</version>
        </dependency>
    </dependencies>
</project>
"""


def test_a_property_of_one_dependency_is_changed() -> None:
    out = pom.edit(POM, [Version(name="org.example:alpha", version="1.5")])
    assert out == POM.replace(b"<alpha.version>1.0<", b"<alpha.version>1.5<")


def test_a_shared_property_is_changed_only_for_all() -> None:
    one = pom.edit(POM, [Version(name="org.example:gamma", version="2.5")])
    assert one.count(b"${shared.version}") == 1
    assert b"<shared.version>2.0<" in one
    both = pom.edit(
        POM, [Version(name=f"org.example:{name}", version="2.5") for name in ("gamma", "delta")]
    )
    assert both == POM.replace(b"<shared.version>2.0<", b"<shared.version>2.5<")


def test_names_by_property_are_understood() -> None:
    out = pom.edit(POM, [Version(name="org.example:beta", version="1.1")])
    assert b"<version>1.1</version>" in out


def test_management_is_made_then_added_to() -> None:
    first = pom.edit(POM, [Version(name="org.other:x", version="1&2")])
    assert first.startswith(POM.removesuffix(b"</project>\n"))
    assert (
        b"    <dependencyManagement>\n        <dependencies>\n            <dependency>\n" in first
    )
    assert b"<version>1&amp;2</version>" in first
    second = pom.edit(first, [Version(name="org.other:y", version="3")])
    managed = [(one.name, one.version) for one in pom.dependencies(second) if one.managed]
    assert managed == [("org.other:x", "1&2"), ("org.other:y", "3")]
    assert second.count(b"<dependencyManagement>") == 1
    with pytest.raises(EditError):
        pom.edit(POM, [Version(name="org.other:x", version="1")], manage=False)


def test_exclusions_are_read() -> None:
    gamma = next(one for one in pom.dependencies(POM) if one.name.endswith(":gamma"))
    assert gamma.exclusions == frozenset({"a:*"})


def test_the_last_of_repeated_coordinates_counts() -> None:
    data = b"<project><groupId>a</groupId><groupId>b</groupId><version>1</version></project>"
    assert (
        pom.without_repeats(data) == b"<project><groupId>b</groupId><version>1</version></project>"
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<project>",
        b"<other/>",
        b'<!DOCTYPE project [<!ENTITY e "x">]><project>&e;</project>',
        "<project/>".encode("utf-16"),
        b"<project>" + b"<a>" * 70 + b"</a>" * 70 + b"</project>",
    ],
)
def test_what_is_no_pom_is_refused(data: bytes) -> None:
    from pratique.model.errors import InputError

    with pytest.raises(InputError):
        pom.edit(data, [Version(name="a:b", version="1")])
