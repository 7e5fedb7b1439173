from __future__ import annotations

import pytest

from pratique.formats.lockfiles.jvm import gradle_lockfile, verification_metadata
from pratique.model.inventory import Location, Relation, Scope, Trouble

LOCK = b"""# by Gradle
test.lib:alpha:1.0=compileClasspath,runtimeClasspath,testRuntimeClasspath
test.lib:beta:2.0=testCompileClasspath,testRuntimeClasspath
test.lib:gamma:3.0=annotationProcessor,compileClasspath
test.lib:delta:4.0=developmentOnly
test.lib:epsilon:5.0=detachedConfiguration1
empty=
"""


def test_configurations_become_groups_and_the_widest_scope(memory_tree):
    reading = gradle_lockfile.read(LOCK, "app/gradle.lockfile", memory_tree({}))
    assert [(c.package.name, c.scope) for c in reading.components] == [
        ("alpha", Scope.RUNTIME),
        ("beta", Scope.TEST),
        ("gamma", Scope.BUILD),
        ("delta", Scope.DEVELOPMENT),
        ("epsilon", Scope.UNKNOWN),
    ]
    alpha = reading.components[0]
    assert alpha.groups == ("compileClasspath", "runtimeClasspath", "testRuntimeClasspath")
    assert alpha.locations == (Location("app/gradle.lockfile", 2),)
    assert alpha.relation is Relation.UNKNOWN
    assert not reading.problems


def test_build_script_classpath_is_for_the_build(memory_tree):
    reading = gradle_lockfile.read(
        b"test.lib:plug:1=classpath\n", "buildscript-gradle.lockfile", memory_tree({})
    )
    assert reading.components[0].scope is Scope.BUILD


def test_old_layout_has_one_file_a_configuration(memory_tree):
    reading = gradle_lockfile.read(
        b"test.lib:alpha:1.0\n",
        "gradle/dependency-locks/runtimeClasspath.lockfile",
        memory_tree({}),
    )
    assert reading.components[0].groups == ("runtimeClasspath",)
    assert reading.components[0].scope is Scope.RUNTIME


def test_bad_and_repeated_lines_are_problems_and_the_rest_is_kept(memory_tree):
    text = b"nonsense\ntest.lib:a=x\n::=x\ntest.lib:a:1=x\ntest.lib:a:1=y\ntest.lib:b:1\n"
    reading = gradle_lockfile.read(text, "gradle.lockfile", memory_tree({}))
    assert [(c.package.name, c.groups) for c in reading.components] == [("a", ("x", "y"))]
    assert [(p.location.line, p.trouble) for p in reading.problems] == [
        (1, Trouble.UNREADABLE),
        (2, Trouble.UNREADABLE),
        (3, Trouble.UNREADABLE),
        (5, Trouble.NOTICE),
        (6, Trouble.UNREADABLE),
    ]


ONE, TWO = "a" * 64, "B" * 64

METADATA = f"""<?xml version="1.0"?>
<verification-metadata>
  <components>
    <component group="test.lib" name="alpha" version="1.0">
      <artifact name="alpha-1.0.jar"><sha256 value="{ONE}"><also-trust value="{TWO}"/></sha256></artifact>
      <artifact name="alpha-1.0.pom"><md5 value="zz"/><pgp value="00ff"/></artifact>
    </component>
    <component group="test.lib" name="beta"/>
    <component name="gamma" version="1"/>
    <surprise/>
  </components>
</verification-metadata>
""".encode()


def test_digests_of_verification_metadata(memory_tree):
    path = "gradle/verification-metadata.xml"
    reading = verification_metadata.read(METADATA, path, memory_tree({}))
    alpha, beta = reading.components
    assert [str(h) for h in alpha.hashes] == [f"sha256:{ONE}", f"sha256:{TWO.lower()}"]
    assert alpha.locations == (Location(path, 4),)
    assert beta.package.version == ""
    assert [(p.location.line, p.trouble) for p in reading.problems] == [
        (6, Trouble.UNKNOWN),
        (8, Trouble.UNKNOWN),
        (9, Trouble.UNREADABLE),
        (10, Trouble.UNREADABLE),
    ]


def test_a_component_over_several_lines_is_where_it_begins(memory_tree):
    text = b"""<verification-metadata><components>
      <component
        group="g"
        name="n" version="1"/>
    </components></verification-metadata>"""
    reading = verification_metadata.read(text, "gradle/verification-metadata.xml", memory_tree({}))
    assert reading.components[0].locations[0].line == 2


@pytest.mark.parametrize("data", [b"<components/>", b"<!DOCTYPE a><verification-metadata/>"])
def test_other_xml_is_refused(memory_tree, data):
    from pratique.model.errors import InputError

    with pytest.raises(InputError):
        verification_metadata.read(data, "gradle/verification-metadata.xml", memory_tree({}))
