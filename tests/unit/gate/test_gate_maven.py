# mypy: disable-error-code="no-untyped-def"
"""The Maven 2 layout."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from pratique.gate import maven
from pratique.gate.errors import GateError
from pratique.gate.fetch import Page
from pratique.gate.inspect import why
from pratique.gate.lists import Lists
from pratique.gate.log import entries
from pratique.gate.verifying import verify

AT = "/maven/test/example/alpha"
NAME = "test.example:alpha"


def texts(answer: httpx.Response, tag: str) -> list[str]:
    return [one.text or "" for one in etree.fromstring(answer.content).iter(tag)]


def test_versions_disappear_from_metadata(gate, upstream) -> None:
    upstream.maven(NAME, "1.0")  # vulnerable
    upstream.maven(NAME, "1.1")
    upstream.maven(NAME, "1.2-rc1")
    upstream.maven(NAME, "1.3", age=1)  # too new
    answer = gate.get(f"{AT}/maven-metadata.xml")
    assert answer.status_code == 200
    assert texts(answer, "version") == ["1.1", "1.2-rc1"]
    assert texts(answer, "latest") == texts(answer, "release") == ["1.2-rc1"]
    for method in ("sha1", "md5", "sha256", "sha512"):
        told = gate.get(f"{AT}/maven-metadata.xml.{method}").text
        assert told == hashlib.new(method, answer.content).hexdigest()


@pytest.mark.parametrize(
    ("version", "why"), [("1.0", "GHSA-cccc-cccc-cccc"), ("1.3", "new-release")]
)
def test_files_of_what_is_refused(gate, upstream, version: str, why: str) -> None:
    upstream.maven(NAME, "1.0")
    upstream.maven(NAME, "1.3", age=1)
    for ending in ("pom", "jar"):
        answer = gate.get(f"{AT}/{version}/alpha-{version}.{ending}")
        assert answer.status_code == 403
        assert why in answer.text
        assert "ask for a waiver" in answer.text
    assert f"{AT}/{version}/alpha-{version}.jar" not in upstream.asked


def test_files_and_their_checksums(gate, upstream, loopback) -> None:
    upstream.maven(NAME, "1.1")
    jar = f"{AT}/1.1/alpha-1.1.jar"
    assert gate.get(jar).content == loopback.jar("1.1")
    for method in ("sha1", "md5", "sha256", "sha512"):
        told = gate.get(f"{jar}.{method}").text
        assert told == hashlib.new(method, loopback.jar("1.1")).hexdigest()
    upstream.maven_file("test/example/alpha/1.1/alpha-1.1.jar.asc", b"signature")
    assert gate.get(f"{jar}.asc").content == b"signature"
    upstream.maven_file("test/example/alpha/1.1/alpha-1.1-sources.jar", b"sources")
    assert gate.get(f"{AT}/1.1/alpha-1.1-sources.jar").content == b"sources"
    assert gate.get(f"{AT}/1.1/alpha-1.1-javadoc.jar").status_code == 404


def test_a_security_fix_is_known_from_the_other_versions(gate, upstream) -> None:
    upstream.maven(NAME, "1.0")
    upstream.maven(NAME, "1.1", age=0.1)  # new, but it is the fix
    assert gate.get(f"{AT}/1.1/alpha-1.1.jar").status_code == 200


def test_content_is_verified_and_never_changes(gate, upstream, loopback) -> None:
    upstream.maven(NAME, "1.1")
    jar = "test/example/alpha/1.1/alpha-1.1.jar"
    upstream.put(f"/maven/{jar}", b"evil")
    answer = gate.get(f"/maven/{jar}")
    assert answer.status_code == 502
    assert "sha1" in answer.text
    upstream.maven_file(jar, loopback.jar("1.1"))
    assert gate.get(f"/maven/{jar}").status_code == 200
    upstream.maven_file(jar, b"another")
    assert gate.get(f"/maven/{jar}").content == loopback.jar("1.1")
    assert "alarm" in gate.kinds()
    upstream.away = True
    assert gate.get(f"/maven/{jar}").content == loopback.jar("1.1")
    assert gate.get(f"{AT}/maven-metadata.xml").status_code in {200, 504}
    assert verify(gate.data).sound


def test_snapshots(gate, upstream) -> None:
    at = "test/example/alpha/2.0-SNAPSHOT"
    moments = [datetime.now(UTC) - timedelta(days=days) for days in (30, 1)]
    builds = [f"{moment:%Y%m%d.%H%M%S}-{n + 6}" for n, moment in enumerate(moments)]
    listed = "".join(
        f"<snapshotVersion><extension>jar</extension><value>2.0-{build}</value></snapshotVersion>"
        for build in builds
    )
    time, _, number = builds[1].partition("-")
    upstream.maven_file(
        f"{at}/maven-metadata.xml",
        f"<metadata><versioning><snapshot><timestamp>{time}</timestamp>"
        f"<buildNumber>{number}</buildNumber></snapshot><snapshotVersions>{listed}"
        "</snapshotVersions></versioning></metadata>".encode(),
    )
    for build in builds:
        upstream.maven_file(f"{at}/alpha-2.0-{build}.jar", build.encode())
    answer = gate.get(f"/maven/{at}/maven-metadata.xml")
    assert texts(answer, "value") == [f"2.0-{builds[0]}"]
    assert texts(answer, "buildNumber") == ["6"]
    assert gate.get(f"/maven/{at}/alpha-2.0-{builds[0]}.jar").content == builds[0].encode()
    assert gate.get(f"/maven/{at}/alpha-2.0-{builds[1]}.jar").status_code == 403


def test_plugin_prefixes_of_a_group(gate, upstream) -> None:
    body = b"<metadata><plugins><plugin><prefix>a</prefix></plugin></plugins></metadata>"
    upstream.maven_file("test/example/maven-metadata.xml", body)
    answer = gate.get("/maven/test/example/maven-metadata.xml")
    assert texts(answer, "prefix") == ["a"]


def test_reserved_groups_never_go_outside(gate, upstream) -> None:
    gate.lists = Lists.of(["Maven:com.acme:*"])
    for path in ("com/acme/pay/1/pay-1.jar", "com/acme/pay/maven-metadata.xml"):
        assert gate.get(f"/maven/{path}").status_code == 403
    assert gate.get("/maven/com/acme/maven-metadata.xml").status_code == 403
    assert upstream.asked == []
    assert "reserved" in gate.kinds()


@pytest.mark.parametrize(
    "path",
    [
        "test/example/alpha/1.1/beta-1.1.jar",
        "test/example/alpha/1.1/alpha-1.10.jar",
        "test/example/alpha/1.1/alpha-1.1",
        "test/example/alpha/1.1/",
        "test/%2e%2e/example/alpha/1.1/alpha-1.1.jar",
        "test/example/alpha/2.0-SNAPSHOT/alpha-2.1-20260101.101010-1.jar",
        "a.jar",
        "archetype-catalog.xml",
        "test/exa%0ample/alpha/1.1/alpha-1.1.jar",
    ],
)
def test_other_paths(gate, upstream, path: str) -> None:
    assert gate.get(f"/maven/{path}").status_code == 404
    assert upstream.asked == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html/>",
        b'<!DOCTYPE m [<!ENTITY a "b">]><metadata>&a;</metadata>',
        b"<metadata><versioning>",
    ],
)
def test_metadata_that_is_none(gate, upstream, body: bytes) -> None:
    upstream.put("/maven/test/example/alpha/maven-metadata.xml", body)
    assert gate.get(f"{AT}/maven-metadata.xml").status_code == 502


@given(st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_damaged_documents_give_no_other_error(body: bytes) -> None:
    page = Page(url="http://a.test", body=b"<metadata>" + body + b"</metadata>")
    for read in (maven.versions, lambda one: maven.builds(one, "a:b", "1-SNAPSHOT")):
        try:
            read(page)
        except GateError:
            continue
    maven.told(page)
    maven.digest_of(page, "sha1")


@given(st.text(alphabet="ab./-1SNAPHOT%\\", max_size=60))
def test_paths_name_one_place_only(path: str) -> None:
    wanted = maven.asked(path)
    if wanted is not None:
        assert ".." not in wanted.folder.split("/")
        ending = f".{wanted.sum}" if wanted.sum else ""
        assert f"{wanted.folder}/{wanted.file}{ending}" == path


def test_the_log_names_the_version(gate, upstream) -> None:
    upstream.maven(NAME, "1.1")
    gate.get(f"{AT}/1.1/alpha-1.1.jar")
    stored = next(one for one in entries(gate.data) if one["kind"] == "stored")
    assert stored["subject"] == "pkg:maven/test.example/alpha@1.1"


def test_why__of_versions_that_no_index_was_asked_for(gate, upstream) -> None:
    upstream.maven(NAME, "1.0")
    upstream.maven(NAME, "1.1")
    for version in ("1.0", "1.1"):
        gate.get(f"{AT}/{version}/alpha-{version}.jar")
    for asked in (NAME, "pkg:maven/test.example/alpha"):
        lines = why(gate.data, asked)
        assert len(lines) == 2
        assert "alpha@1.0: refused on" in lines[0]
        assert "deny by critical" in lines[0]
        assert "alpha@1.1: admitted; stored on" in lines[1]
    assert len(why(gate.data, f"{NAME}@1.0")) == 1
    gate.get(f"{AT}/maven-metadata.xml")
    lines = why(gate.data, NAME)
    assert any("1 versions admitted" in line for line in lines)
