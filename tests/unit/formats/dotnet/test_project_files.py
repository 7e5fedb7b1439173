from __future__ import annotations

import pytest

from pratique.formats.lockfiles.dotnet import packages_config, project
from pratique.model.errors import InputError
from pratique.model.inventory import Location, Relation, Scope, Trouble


def of(reading):
    return {c.package.name: c for c in reading.components}


CONFIG = b"""<packages>
  <package id="Alpha" version="1.0.0" targetFramework="net48" allowedVersions="[1,2)" />
  <package id="Tool" version="2.0.0" developmentDependency="true" />
  <package version="1" />
  <package id="Versionless" />
  <package id="Alpha" version="1.0.0" />
  <surprise />
</packages>
"""


def test_packages_config(memory_tree):
    reading = packages_config.read(CONFIG, "packages.config", memory_tree({}))
    found = of(reading)
    assert list(found) == ["Alpha", "Tool", "Versionless"]
    assert found["Alpha"].groups == ("net48",)
    assert found["Alpha"].requirement == "[1,2)"
    assert found["Alpha"].locations == (
        Location("packages.config", 2),
        Location("packages.config", 6),
    )
    assert found["Tool"].scope is Scope.DEVELOPMENT
    assert [(p.location.line, p.trouble) for p in reading.problems] == [
        (4, Trouble.UNREADABLE),
        (5, Trouble.UNKNOWN),
        (6, Trouble.NOTICE),
        (7, Trouble.UNREADABLE),
    ]


PROJECT = b"""<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><AlphaVersion>1.$(Minor)</AlphaVersion></PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Alpha" Version="$(AlphaVersion)" />
    <PackageReference Include="Child"><Version>2.0</Version><PrivateAssets>all</PrivateAssets></PackageReference>
    <PackageReference Include="Central" />
    <PackageReference Include="Overridden" VersionOverride="9.0" />
    <PackageReference Include="Floating" Version="4.*" />
    <PackageReference Include="Ranged" Version="[1,2)" />
    <PackageReference Include="Exact" Version="[1.5]" />
    <PackageReference Include="Both;AndMore" Version="1" />
  </ItemGroup>
  <ItemGroup Condition="'$(OS)' == 'x'">
    <PackageReference Include="Conditional" Version="6" />
  </ItemGroup>
  <ItemGroup>
    <PackageReference Include="Missing" />
    <PackageReference Include="Unset" Version="$(Nowhere)" />
    <PackageReference Version="1" />
    <PackageReference Remove="Alpha" />
  </ItemGroup>
</Project>
"""

CENTRAL = b"""<Project xmlns="http://schemas.microsoft.com/developer/msbuild/2003">
  <ItemGroup>
    <PackageVersion Include="central" Version="3.3" />
    <PackageVersion Include="Overridden" Version="1.0" />
    <PackageVersion Include="Unused" Version="1.0" />
    <GlobalPackageReference Include="Analyzer" Version="5.0" />
  </ItemGroup>
</Project>
"""

SHARED = b"""<Project>
  <PropertyGroup><Minor>7</Minor></PropertyGroup>
  <ItemGroup><PackageReference Include="Everywhere" Version="8" /></ItemGroup>
</Project>
"""


@pytest.fixture
def reading(memory_tree):
    tree = memory_tree({"Directory.Packages.props": CENTRAL, "src/Directory.Build.props": SHARED})
    return project.read(PROJECT, "src/app/app.csproj", tree)


def test_versions_of_a_project_and_of_what_is_above_it(reading):
    assert {n: (c.package.version, c.requirement) for n, c in of(reading).items()} == {
        "Alpha": ("1.7", ""),
        "Child": ("2.0", ""),
        "Central": ("3.3", ""),
        "Overridden": ("9.0", ""),
        "Floating": ("", "4.*"),
        "Ranged": ("", "[1,2)"),
        "Exact": ("1.5", "[1.5]"),
        "Both": ("1", ""),
        "AndMore": ("1", ""),
        "Conditional": ("6", ""),
        "Missing": ("", ""),
        "Unset": ("", "$(Nowhere)"),
        "Everywhere": ("8", ""),
        "Analyzer": ("5.0", ""),
    }
    assert {c.relation for c in reading.components} == {Relation.DIRECT}
    assert of(reading)["Child"].scope is Scope.DEVELOPMENT
    assert of(reading)["Everywhere"].locations == (Location("src/Directory.Build.props", 3),)


def test_problems_of_a_project(reading):
    assert sorted((p.location.line, p.trouble.value) for p in reading.problems) == [
        (14, "notice"),
        (17, "unknown"),
        (18, "unknown"),
        (19, "unreadable"),
    ]


def test_broken_file_above_is_unreadable_and_the_project_is_kept(memory_tree):
    reading = project.read(PROJECT, "a/b.csproj", memory_tree({"Directory.Packages.props": b"<"}))
    assert any(
        "Directory.Packages.props" in p.message and p.trouble is Trouble.UNREADABLE
        for p in reading.problems
    )
    assert "Child" in of(reading)


def test_central_versions_alone_do_not_say_who_asks(memory_tree):
    found = of(project.read_props(CENTRAL, "Directory.Packages.props", memory_tree({})))
    assert found["Unused"].relation is Relation.UNKNOWN
    assert found["Analyzer"].relation is Relation.DIRECT


def test_properties_that_name_each_other_end(memory_tree):
    text = b"""<Project><PropertyGroup><A>$(B)$(B)</A><B>$(A)$(A)</B></PropertyGroup>
    <ItemGroup><PackageReference Include="X" Version="$(A)"/></ItemGroup></Project>"""
    reading = project.read(text, "x.csproj", memory_tree({}))
    assert of(reading)["X"].package.version == ""
    assert reading.problems[0].trouble is Trouble.UNKNOWN


@pytest.mark.parametrize("read", [packages_config.read, project.read, project.read_props])
@pytest.mark.parametrize("data", [b"<other/>", b"<!DOCTYPE Project><Project/>", b"not\nxml"])
def test_other_documents_are_refused(memory_tree, read, data):
    with pytest.raises(InputError):
        read(data, "x", memory_tree({}))


def test_shared_references_take_their_versions_from_the_central_file(memory_tree):
    shared = b'<Project><ItemGroup><PackageReference Include="Central"/></ItemGroup></Project>'
    reading = project.read_props(
        shared, "src/Directory.Build.props", memory_tree({"Directory.Packages.props": CENTRAL})
    )
    assert of(reading)["Central"].package.version == "3.3"
    assert not reading.problems


def test_imports_in_the_tree_are_followed_and_others_noticed(memory_tree):
    text = b"""<Project>
  <Import Project="..\\build\\common.props" />
  <Import Project="$(MSBuildThisFileDirectory)/own.props" />
  <Import Project="$(MSBuildExtensionsPath)/Microsoft.Common.props" />
  <Import Sdk="Some.Sdk" Project="Sdk.props" />
  <Import Project="elsewhere.props" />
  <Import Project="../../../outside.props" />
  <Choose><When Condition="x"><ItemGroup>
    <PackageReference
      Include="Chosen"
      Version="$(commonversion)" />
  </ItemGroup></When></Choose>
</Project>"""
    tree = memory_tree(
        {
            "build/common.props": b"""<Project><Import Project="../app/app.csproj"/>
            <PropertyGroup><CommonVersion>3</CommonVersion></PropertyGroup>
            <ItemGroup><PackageReference Include="Common" Version="1"/></ItemGroup></Project>""",
            "app/own.props": b"<Project><ItemGroup><PackageReference Include='Own' Version='2'/></ItemGroup></Project>",
            "app/app.csproj": text,
        }
    )
    reading = project.read(text, "app/app.csproj", tree)
    assert {n: c.package.version for n, c in of(reading).items()} == {
        "Chosen": "3",
        "Common": "1",
        "Own": "2",
    }
    assert of(reading)["Chosen"].locations[0].line == 9
    assert sorted((p.location.line, p.trouble.value) for p in reading.problems) == [
        (6, "notice"),
        (7, "notice"),
        (9, "notice"),
    ]
