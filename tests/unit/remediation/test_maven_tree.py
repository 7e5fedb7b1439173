"""What Maven is given to resolve: nothing that a POM could have run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from pratique.remediation.errors import AttemptError
from pratique.remediation.projects.maven_tree import aggregator, selected, stripped
from pratique.remediation.workspace import Workspace

Tree = Callable[[dict[str, str]], Path]
EVIL = """\
<project xmlns="https://example.test/pom">
  <modelVersion>4.0.0</modelVersion>
  <groupId>org.example</groupId><artifactId>ship</artifactId><version>1</version>
  <packaging>maven-plugin</packaging>
  <properties><a>1</a></properties>
  <build>
    <extensions><extension><groupId>org.example</groupId></extension></extensions>
    <plugins><plugin><artifactId>evil</artifactId></plugin></plugins>
  </build>
  <profiles><profile><id>evil</id></profile></profiles>
  <pluginRepositories><pluginRepository><id>evil</id></pluginRepository></pluginRepositories>
  <reporting/>
  <?evil instruction?>
  <dependencies><dependency><artifactId>alpha</artifactId></dependency></dependencies>
</project>
"""


def parent(*modules: str) -> str:
    listed = "".join(f"<module>{one}</module>" for one in modules)
    return (
        "<project><modelVersion>4.0.0</modelVersion><groupId>org.example</groupId>"
        "<artifactId>top</artifactId><version>1</version><packaging>pom</packaging>"
        f"<modules>{listed}</modules></project>"
    )


def module(name: str, *needs: str) -> str:
    wanted = "".join(
        f"<dependency><groupId>org.example</groupId><artifactId>{one}</artifactId>"
        "<version>1</version></dependency>"
        for one in needs
    )
    return (
        "<project><modelVersion>4.0.0</modelVersion><parent><groupId>org.example</groupId>"
        f"<artifactId>top</artifactId><version>1</version></parent><artifactId>{name}</artifactId>"
        f"<dependencies>{wanted}</dependencies></project>"
    )


def test_everything_that_names_something_to_run_is_taken_out() -> None:
    text = stripped(EVIL.encode(), "pom.xml").decode()
    assert "evil" not in text
    assert "extension" not in text
    root = etree.fromstring(text.encode())
    names = [etree.QName(one).localname for one in root]
    assert names == ["modelVersion", "groupId", "artifactId", "version", "properties",
                     "dependencies", "packaging"]  # fmt: skip
    assert root.find("{*}packaging").text == "pom"


@pytest.mark.parametrize("text", ["", "no xml", "<project>", "\x00"])
def test_what_is_no_xml_is_named(text: str) -> None:
    with pytest.raises(AttemptError, match=r"pom\.xml"):
        stripped(text.encode(), "pom.xml")


def test_entities_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden")
    text = (
        f'<!DOCTYPE project [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'
        "<project><version>&e;</version></project>"
    )
    assert b"hidden" not in stripped(text.encode(), "pom.xml")


def test_the_topmost_list_of_modules_is_found(tree: Tree) -> None:
    root = tree(
        {
            "pom.xml": parent("a"),
            "a/pom.xml": parent("b"),
            "a/b/pom.xml": module("b"),
            "c/pom.xml": module("c"),
        }
    )
    with Workspace(root, commands=False) as work:
        poms = work.named("", "pom.xml")
        assert aggregator(work, "a/b/pom.xml", poms) == "pom.xml"
        assert aggregator(work, "c/pom.xml", poms) == "c/pom.xml"
        assert aggregator(work, "pom.xml", poms) == "pom.xml"


def test_settings_of_the_project_are_not_copied(tree: Tree) -> None:
    root = tree({"pom.xml": parent(), ".mvn/extensions.xml": "<extensions/>"})
    with Workspace(root, commands=False) as work:
        assert not (work.root / ".mvn").exists()


@pytest.mark.e2e
@pytest.mark.network
def test_modules_that_need_one_another_are_resolved(tree: Tree) -> None:
    if shutil.which("mvn") is None:
        pytest.skip("mvn is not installed")
    root = tree(
        {
            "pom.xml": parent("alpha", "beta"),
            "alpha/pom.xml": module("alpha"),
            "beta/pom.xml": module("beta", "alpha").replace(
                "<version>1</version></dependency>",
                "<version>1</version><type>pom</type></dependency>",
            ),
        }
    )
    with Workspace(root, commands=True) as work:
        try:
            found = selected(work, "beta/pom.xml", ".pratique-proof")
        except AttemptError as error:
            if "resolv" in error.message or "transfer" in error.message:
                pytest.skip(f"Maven cannot get its plugin here: {error.message[:200]}")
            raise
    assert found["org.example:alpha"] == {"1"}
