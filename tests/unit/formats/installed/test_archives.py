"""JARs and what is inside of them, wheels and eggs."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Mapping

import pytest

from pratique.formats.installed.archives import java, members
from pratique.model.errors import InputError, LimitError
from pratique.model.inventory import Reading, Trouble

Read = Callable[..., Reading]
Pack = Callable[..., bytes]


def record(group: str, artifact: str, version: str) -> dict[str, bytes]:
    text = f"#Created by x\nversion={version}\ngroupId={group}\nartifactId={artifact}\n"
    return {f"META-INF/maven/{group}/{artifact}/pom.properties": text.encode()}


def manifest(**attributes: str) -> dict[str, bytes]:
    lines = "".join(f"{key.replace('_', '-')}: {value}\r\n" for key, value in attributes.items())
    return {"META-INF/MANIFEST.MF": f"Manifest-Version: 1.0\r\n{lines}\r\n".encode()}


def purls(reading: Reading) -> list[str]:
    return sorted(str(part.package) for part in reading.components)


def unknown(reading: Reading) -> list[str]:
    return [p.message for p in reading.problems if p.trouble is not Trouble.NOTICE]


def test_mavens_own_record(reading_of: Read, archive: Pack) -> None:
    data = archive(record("org.example", "alpha", "1.2") | manifest(Bundle_License="Apache-2.0"))
    reading = reading_of("java-archive", data, "lib/alpha-1.2.jar")
    assert purls(reading) == ["pkg:maven/org.example/alpha@1.2"]
    assert str(reading.subject) == "pkg:maven/org.example/alpha@1.2"
    (part,) = reading.components
    assert part.ecosystem == "Maven"
    assert [str(one) for one in part.hashes] == [
        f"sha1:{hashlib.sha1(data).hexdigest()}",
        f"sha256:{hashlib.sha256(data).hexdigest()}",
    ]
    assert part.licenses[0].text == "Apache-2.0"
    assert unknown(reading) == []


def test_a_merged_archive_holds_several(reading_of: Read, archive: Pack) -> None:
    data = archive(
        record("org.example", "beta", "2")
        | record("org.example", "alpha", "1.2")
        | record("com.example", "gamma", "${project.version}")
    )
    reading = reading_of("java-archive", data, "alpha-all-1.2.jar")
    assert purls(reading) == [
        "pkg:maven/com.example/gamma",
        "pkg:maven/org.example/alpha@1.2",
        "pkg:maven/org.example/beta@2",
    ]
    assert str(reading.subject) == "pkg:maven/org.example/alpha@1.2"
    assert len(reading.edges["org.example/alpha@1.2"]) == 2
    assert len(unknown(reading)) == 1


def test_archives_inside_of_archives(reading_of: Read, archive: Pack) -> None:
    inner = archive(record("org.example", "alpha", "1.2"))
    war = archive({"WEB-INF/lib/alpha-1.2.jar": inner, "WEB-INF/lib/bad.jar": b"no archive"})
    ear = archive({"app.war": war} | record("org.example", "app", "9"))
    reading = reading_of("java-archive", ear, "app-9.ear")
    assert purls(reading) == ["pkg:maven/org.example/alpha@1.2", "pkg:maven/org.example/app@9"]
    alpha = next(part for part in reading.components if part.package.name == "alpha")
    assert str(alpha.locations[0]) == "app-9.ear!/app.war!/WEB-INF/lib/alpha-1.2.jar"
    assert len(unknown(reading)) == 1


def test_depth_ends(reading_of: Read, archive: Pack) -> None:
    data = archive(record("org.example", "deep", "1"))
    for _ in range(java.MAX_LEVELS + 1):
        data = archive({"inner.jar": data})
    reading = reading_of("java-archive", data, "outer.jar")
    assert reading.components == ()
    assert any("archives deep" in message for message in unknown(reading))


@pytest.mark.parametrize(
    ("name", "attributes", "purl", "sure"),
    [
        ("alpha-1.2.jar", {}, "pkg:maven/alpha@1.2", False),
        ("alpha.jar", {"Implementation_Title": "beta", "Implementation_Version": "3"}, "pkg:maven/beta@3", False),
        ("spring-core-5.3.1.jar", {}, "pkg:maven/org.springframework/spring-core@5.3.1", True),
        ("x y.jar", {"Bundle_SymbolicName": "org.example.alpha;singleton:=true", "Bundle_Name": "alpha", "Bundle_Version": "1.0"}, "pkg:maven/org.example/alpha@1.0", False),
        ("a.jar", {"Implementation_Title": "org.example#alpha;1.4", "Implementation_Version": "1.4"}, "pkg:maven/org.example/alpha@1.4", False),
    ],
)  # fmt: skip
def test_manifests_and_file_names(
    reading_of: Read, archive: Pack, name: str, attributes: Mapping[str, str], purl: str, sure: bool
) -> None:
    reading = reading_of("java-archive", archive(manifest(**attributes)), name)
    assert purls(reading) == [purl]
    assert (unknown(reading) == []) is sure


def test_a_group_that_the_classes_confirm_is_told_as_such(reading_of: Read, archive: Pack) -> None:
    files = manifest(Implementation_Vendor_Id="org.example", Implementation_Version="1")
    data = archive(files | {"org/example/alpha/A.class": b"\xca\xfe"})
    reading = reading_of("java-archive", data, "alpha-1.jar")
    assert purls(reading) == ["pkg:maven/org.example/alpha@1"]
    assert unknown(reading) == []


def test_a_pom_without_properties(reading_of: Read, archive: Pack) -> None:
    pom = b"<project xmlns='urn:x'><parent><version>4</version></parent></project>"
    data = archive({"META-INF/maven/org.example/alpha/pom.xml": pom})
    assert purls(reading_of("java-archive", data, "a.jar")) == ["pkg:maven/org.example/alpha@4"]


def test_an_archive_that_says_nothing_is_unknown(reading_of: Read, archive: Pack) -> None:
    reading = reading_of("java-archive", archive({"a.txt": b"x"}), "classes here.jar")
    assert reading.components == ()
    assert unknown(reading) == ["what classes here.jar is cannot be told"]


def test_wheel_and_egg(reading_of: Read, archive: Pack) -> None:
    text = b"Metadata-Version: 2.1\nName: Alpha_x\nVersion: 1.0\nLicense-Expression: MIT\n"
    wheel = archive({"alpha/__init__.py": b"", "alpha_x-1.0.dist-info/METADATA": text})
    reading = reading_of("python-archive", wheel, "dist/alpha_x-1.0-py3-none-any.whl")
    assert purls(reading) == ["pkg:pypi/alpha-x@1.0"]
    place = str(reading.components[0].locations[0])
    assert place == "dist/alpha_x-1.0-py3-none-any.whl!/alpha_x-1.0.dist-info/METADATA:2"
    egg = archive({"EGG-INFO/PKG-INFO": text, "EGG-INFO/requires.txt": b"beta\n"})
    assert purls(reading_of("python-archive", egg, "a.egg")) == ["pkg:pypi/alpha-x@1.0"]
    with pytest.raises(InputError, match="no metadata"):
        reading_of("python-archive", archive({"a/b.dist-info/METADATA": text}), "a.whl")


def test_bombs_are_refused(reading_of: Read, archive: Pack) -> None:
    """A member that is far larger than packed, and one that states less than it is."""
    name = "META-INF/maven/org.example/alpha/pom.properties"
    bomb = archive({name: b"\0" * (64 * 1024 * 1024)})
    reading = reading_of("java-archive", bomb, "alpha-1.jar")
    assert purls(reading) == ["pkg:maven/org.example/alpha"]
    assert any("when it is unpacked" in message for message in unknown(reading))
    good = archive({name: b"version=1\n" * 40})
    lying = good.replace((400).to_bytes(4, "little"), (4).to_bytes(4, "little"))
    assert unknown(reading_of("java-archive", lying, "alpha-1.jar"))


def test_too_many_members_are_refused_before_they_are_listed(reading_of: Read) -> None:
    data = b"PK\x03\x04" + b"PK\x01\x02" * (members.MAX_MEMBERS + 1)
    with pytest.raises(LimitError, match="members"):
        reading_of("java-archive", data, "a.jar")


def test_the_whole_nest_shares_one_limit(
    reading_of: Read, archive: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "MAX_UNPACKED", 3_000)
    inner = archive({"a.bin": bytes(range(256)) * 8}, zipfile.ZIP_STORED)
    data = archive({f"{n}.jar": inner for n in range(5)})
    reading = reading_of("java-archive", data, "alpha-1.jar")
    assert any("more than 3,000 bytes" in message for message in unknown(reading))


def test_names_that_lead_upwards_are_only_names(reading_of: Read, archive: Pack) -> None:
    data = archive({"../../META-INF/maven/org.example/alpha/pom.properties": b"version=1"})
    assert purls(reading_of("java-archive", data, "a.jar")) == ["pkg:maven/org.example/alpha@1"]


def test_methods_that_no_jar_uses_are_refused(reading_of: Read, archive: Pack) -> None:
    name = "META-INF/maven/org.example/alpha/pom.properties"
    data = archive({name: b"version=1"}, zipfile.ZIP_LZMA)
    reading = reading_of("java-archive", data, "a.jar")
    assert any("method 14" in message for message in unknown(reading))
