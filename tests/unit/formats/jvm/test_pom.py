from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from pratique.formats.base import Tree
from pratique.formats.lockfiles.jvm.pom import read
from pratique.formats.lockfiles.jvm.pom_model import MAX_VALUE, Interpolation
from pratique.model.errors import InputError
from pratique.model.inventory import Component, Location, Reading, Relation, Scope, Trouble

MemoryTree = Callable[[Mapping[str, bytes]], Tree]


def pom(inside: str, *, artifact: str = "app", version: str = "<version>1.0</version>") -> bytes:
    return (
        f"<project>\n<groupId>test.example</groupId><artifactId>{artifact}</artifactId>{version}\n"
        f"{inside}\n</project>"
    ).encode()


def dependency(artifact: str, rest: str = "", *, group: str = "test.lib") -> str:
    return (
        f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId>"
        f"{rest}</dependency>"
    )


def dependencies(*entries: str) -> str:
    return "<dependencies>" + "\n".join(entries) + "</dependencies>"


def management(*entries: str) -> str:
    return f"<dependencyManagement>{dependencies(*entries)}</dependencyManagement>"


def version(text: str) -> str:
    return f"<version>{text}</version>"


@pytest.fixture
def read_tree(memory_tree: MemoryTree) -> Callable[..., Reading]:
    def run(files: Mapping[str, bytes], path: str = "pom.xml") -> Reading:
        return read(files[path], path, memory_tree(files))

    return run


def one(reading: Reading) -> Component:
    (component,) = reading.components
    return component


def troubles(reading: Reading, trouble: Trouble) -> list[str]:
    return [p.message for p in reading.problems if p.trouble is trouble]


def test_scopes_and_groups_of_declared_dependencies(read_tree):
    reading = read_tree(
        {
            "pom.xml": pom(
                dependencies(
                    dependency("plain", version("1")),
                    dependency("at-test", version("1") + "<scope>test</scope>"),
                    dependency("given", version("1") + "<scope>provided</scope>"),
                    dependency("late", version("1") + "<scope>runtime</scope>"),
                    dependency("maybe", version("1") + "<optional>true</optional>"),
                )
            )
        }
    )
    found = {c.package.name: (c.scope, c.groups) for c in reading.components}
    assert found == {
        "plain": (Scope.RUNTIME, ()),
        "at-test": (Scope.TEST, ("test",)),
        "given": (Scope.BUILD, ("provided",)),
        "late": (Scope.RUNTIME, ("runtime",)),
        "maybe": (Scope.OPTIONAL, ("optional",)),
    }
    assert {c.relation for c in reading.components} == {Relation.DIRECT}
    assert reading.roots == tuple(c.ref for c in reading.components)
    assert str(reading.subject) == "pkg:maven/test.example/app@1.0"
    assert not reading.problems


def test_type_and_classifier_are_qualifiers_and_lines_are_kept(read_tree):
    reading = read_tree(
        {
            "a/pom.xml": pom(
                dependencies(
                    dependency(
                        "alpha", version("2") + "<type>zip</type><classifier>dist</classifier>"
                    ),
                    dependency("alpha", version("2") + "<type>jar</type>"),
                )
            )
        },
        "a/pom.xml",
    )
    zipped, plain = reading.components
    assert zipped.package.qualifiers == (("classifier", "dist"), ("type", "zip"))
    assert plain.package.qualifiers == ()
    assert [c.locations for c in reading.components] == [
        (Location("a/pom.xml", 3),),
        (Location("a/pom.xml", 4),),
    ]


@pytest.mark.parametrize(
    ("written", "pinned", "requirement"),
    [
        ("1.2", "1.2", ""),
        ("[1.2]", "1.2", "[1.2]"),
        ("[1.2,2)", "", "[1.2,2)"),
        ("(,1.0],[1.2,)", "", "(,1.0],[1.2,)"),
        ("LATEST", "", "LATEST"),
    ],
)
def test_pom_reference_version_requirements(read_tree, written, pinned, requirement):
    component = one(read_tree({"pom.xml": pom(dependencies(dependency("a", version(written))))}))
    assert (component.package.version, component.requirement) == (pinned, requirement)


def test_properties_are_interpolated_nested_and_from_the_project(read_tree):
    reading = read_tree(
        {
            "pom.xml": pom(
                "<properties><major>3</major><lib>${major}.1</lib></properties>"
                + dependencies(
                    dependency("own", version("${project.version}")),
                    dependency("nested", version("${lib}.0")),
                    dependency("named", version("1"), group="${project.groupId}"),
                    dependency("old-name", version("${pom.version}")),
                )
            )
        }
    )
    assert {(c.package.full_name, c.package.version) for c in reading.components} == {
        ("test.lib:own", "1.0"),
        ("test.lib:nested", "3.1.0"),
        ("test.example:named", "1"),
        ("test.lib:old-name", "1.0"),
    }


def test_unset_property_is_unknown_and_named(read_tree):
    reading = read_tree(
        {"pom.xml": pom(dependencies(dependency("alpha", version("${lib.version}"))))}
    )
    assert one(reading).package.version == ""
    assert one(reading).requirement == "${lib.version}"
    (problem,) = reading.problems
    assert problem.trouble is Trouble.UNKNOWN
    assert "lib.version" in problem.message
    assert problem.location == Location("pom.xml", 3)


def test_unset_property_in_a_name_is_unknown_and_keeps_the_rest(read_tree):
    reading = read_tree(
        {
            "pom.xml": pom(
                dependencies(dependency("${what}", version("1")), dependency("b", version("1")))
            )
        }
    )
    assert one(reading).package.name == "b"
    assert "what" in troubles(reading, Trouble.UNKNOWN)[0]


def test_property_cycles_and_growth_are_bounded():
    cycle = Interpolation({"a": "${b}", "b": "${a}"})
    assert "${" in cycle.of("${a}")
    doubling = {f"p{n}": f"${{p{n + 1}}}${{p{n + 1}}}" for n in range(40)}
    assert len(Interpolation(doubling).of("${p0}")) <= MAX_VALUE
    doubling["p12"] = "x"
    assert len(Interpolation(doubling).of("${p0}")) <= MAX_VALUE


def test_own_management_gives_versions_and_scopes(read_tree):
    reading = read_tree(
        {
            "pom.xml": pom(
                management(
                    dependency("alpha", version("1.5") + "<scope>test</scope>"),
                    dependency("beta", version("9")),
                )
                + dependencies(dependency("alpha"), dependency("beta", version("2")))
            )
        }
    )
    alpha, beta = reading.components
    assert (alpha.package.version, alpha.scope) == ("1.5", Scope.TEST)
    assert beta.package.version == "2"


PARENT = "<parent><groupId>test.example</groupId><artifactId>base</artifactId>{}</parent>"


def test_parent_in_the_tree_is_inherited_and_interpolated_as_the_child(read_tree):
    reading = read_tree(
        {
            "pom.xml": pom(
                "<properties><lib>1</lib></properties>"
                + management(dependency("alpha", version("${lib}")))
                + dependencies(dependency("sibling", version("${project.version}"))),
                artifact="base",
            ),
            "core/pom.xml": pom(
                PARENT.format("<version>1.0</version>")
                + "<properties><lib>2</lib></properties>"
                + dependencies(
                    dependency("alpha"), dependency("par", version("${project.parent.version}"))
                ),
                artifact="core",
                version="<version>5</version>",
            ),
        },
        "core/pom.xml",
    )
    found = {c.package.name: (c.package.version, c.locations[0].path) for c in reading.components}
    assert found == {
        "alpha": ("2", "core/pom.xml"),
        "par": ("1.0", "core/pom.xml"),
        "sibling": ("5", "pom.xml"),
    }
    assert not reading.problems


def test_what_a_parent_declares_is_declared_anew_by_the_child(read_tree):
    reading = read_tree(
        {
            "pom.xml": pom(dependencies(dependency("alpha", version("1"))), artifact="base"),
            "app/pom.xml": pom(
                PARENT.format("<version>1.0</version>")
                + dependencies(dependency("alpha", version("2") + "<scope>test</scope>"))
            ),
        },
        "app/pom.xml",
    )
    assert (one(reading).package.version, one(reading).scope) == ("2", Scope.TEST)
    assert not reading.problems


def test_parent_by_relative_path_to_a_folder(read_tree):
    reading = read_tree(
        {
            "parents/base/pom.xml": pom(management(dependency("a", version("7"))), artifact="base"),
            "app/pom.xml": pom(
                PARENT.format("<version>1.0</version><relativePath>../parents/base</relativePath>")
                + dependencies(dependency("a")),
            ),
        },
        "app/pom.xml",
    )
    assert one(reading).package.version == "7"


@pytest.mark.parametrize(
    "where", ["", "<relativePath/>", "<relativePath>../../../etc/pom.xml</relativePath>"]
)
def test_parent_outside_the_tree_is_unknown_and_named(read_tree, where):
    reading = read_tree(
        {
            "pom.xml": pom(
                PARENT.format("<version>4</version>" + where) + dependencies(dependency("alpha"))
            )
        }
    )
    assert one(reading).package.version == ""
    unknown = troubles(reading, Trouble.UNKNOWN)
    assert len(unknown) == 2
    assert all("test.example:base:4" in message for message in unknown)


def test_file_at_the_relative_path_that_is_another_project_is_no_parent(read_tree):
    reading = read_tree(
        {
            "pom.xml": pom("", artifact="unrelated"),
            "app/pom.xml": pom(PARENT.format("<version>1.0</version>")),
        },
        "app/pom.xml",
    )
    assert "base" in troubles(reading, Trouble.UNKNOWN)[0]


def test_parents_that_are_each_others_are_a_problem(read_tree):
    files = {
        "a/pom.xml": pom(
            PARENT.format("<version>1.0</version><relativePath>../b/pom.xml</relativePath>")
            + dependencies(dependency("alpha", version("1"))),
            artifact="base",
        ),
        "b/pom.xml": pom(
            PARENT.format("<version>1.0</version><relativePath>../a/pom.xml</relativePath>"),
            artifact="base",
        ),
    }
    reading = read_tree(files, "a/pom.xml")
    assert one(reading).package.version == "1"
    assert "parent of itself" in troubles(reading, Trouble.UNKNOWN)[0]


def test_broken_parent_is_unreadable_and_the_child_is_kept(read_tree):
    reading = read_tree(
        {
            "pom.xml": b"<project><",
            "app/pom.xml": pom(
                PARENT.format("<version>1.0</version>")
                + dependencies(dependency("alpha", version("1")))
            ),
        },
        "app/pom.xml",
    )
    assert one(reading).package.name == "alpha"
    assert "pom.xml cannot be read" in troubles(reading, Trouble.UNREADABLE)[0]


BOM = dependency(
    "bom", version("1.0") + "<type>pom</type><scope>import</scope>", group="test.example"
)


def test_imported_bom_of_the_same_build_manages_versions(read_tree):
    files = {
        "pom.xml": pom("<modules><module>bom</module><module>app</module></modules>"),
        "bom/pom.xml": pom(
            "<properties><v>8</v></properties>" + management(dependency("alpha", version("${v}"))),
            artifact="bom",
        ),
        "app/pom.xml": pom(management(BOM) + dependencies(dependency("alpha"))),
    }
    reading = read_tree(files, "app/pom.xml")
    assert one(reading).package.version == "8"
    assert not reading.problems


def test_imported_bom_outside_the_tree_is_unknown_and_named(read_tree):
    reading = read_tree({"pom.xml": pom(management(BOM) + dependencies(dependency("alpha")))})
    unknown = troubles(reading, Trouble.UNKNOWN)
    assert len(unknown) == 2
    assert all("test.example:bom:1.0" in message for message in unknown)


def test_boms_that_import_each_other_end(read_tree):
    other = BOM.replace(">bom<", ">other<")
    files = {
        "pom.xml": pom(
            "<modules><module>bom</module><module>other</module></modules>"
            + management(BOM)
            + dependencies(dependency("alpha"))
        ),
        "bom/pom.xml": pom(management(other), artifact="bom"),
        "other/pom.xml": pom(management(BOM, dependency("alpha", version("3"))), artifact="other"),
    }
    reading = read_tree(files)
    assert one(reading).package.version == "3"
    assert "imports itself" in troubles(reading, Trouble.UNKNOWN)[0]


def test_profiles_active_by_default_are_read_and_others_noticed(read_tree):
    profile = "<profile><id>{}</id>{}" + dependencies(dependency("{}", version("1"))) + "</profile>"
    active = "<activation><activeByDefault>true</activeByDefault></activation>"
    reading = read_tree(
        {
            "pom.xml": pom(
                "<profiles>"
                + profile.format("on", active, "alpha")
                + "\n"
                + profile.format("off", "", "beta")
                + "</profiles>"
            )
        }
    )
    assert one(reading).package.name == "alpha"
    (problem,) = reading.problems
    assert problem.trouble is Trouble.NOTICE
    assert "'off'" in problem.message
    assert problem.location.line == 4


def test_incomplete_and_repeated_dependencies_are_problems_and_the_rest_is_kept(read_tree):
    reading = read_tree(
        {
            "pom.xml": pom(
                dependencies(
                    "<dependency><artifactId>nameless</artifactId></dependency>",
                    dependency("alpha", version("1")),
                    dependency("alpha", version("1")),
                    dependency("unpinned"),
                )
            )
        }
    )
    assert {c.package.name: c.package.version for c in reading.components} == {
        "alpha": "1",
        "unpinned": "",
    }
    assert [(p.trouble, p.location.line) for p in reading.problems] == [
        (Trouble.UNREADABLE, 3),
        (Trouble.NOTICE, 5),
        (Trouble.UNKNOWN, 6),
    ]


def test_namespace_and_declared_encoding_are_read(read_tree):
    text = (
        '<?xml version="1.0" encoding="iso-8859-1"?>'
        '<project xmlns="urn:example:pom"><name>caf\u00e9</name>'
        + dependencies(dependency("alpha", version("1")))
        + "</project>"
    )
    assert one(read_tree({"pom.xml": text.encode("latin-1")})).package.name == "alpha"


def test_document_type_is_refused(read_tree):
    bomb = b'<!DOCTYPE project [<!ENTITY a "aaaa">]><project><version>&a;</version></project>'
    with pytest.raises(InputError, match="document type"):
        read_tree({"pom.xml": bomb})


def test_other_xml_is_refused(read_tree):
    with pytest.raises(InputError, match="not <project>"):
        read_tree({"pom.xml": b"<settings/>"})
