from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model import ecosystems
from pratique.model.ecosystem_tables import DISTRIBUTIONS, LANGUAGES, NAMESPACES
from pratique.model.purl import Package


@pytest.mark.parametrize(
    ("ecosystem", "base", "suffix"),
    [
        ("PyPI", "PyPI", ""),
        ("Debian:12", "Debian", "12"),
        ("Ubuntu:Pro:18.04:LTS", "Ubuntu", "Pro:18.04:LTS"),
        ("", "", ""),
    ],
)
def test_base_and_suffix(ecosystem: str, base: str, suffix: str) -> None:
    assert ecosystems.base(ecosystem) == base
    assert ecosystems.suffix(ecosystem) == suffix


@pytest.mark.parametrize(
    ("purl", "ecosystem", "name"),
    [
        ("pkg:pypi/Alpha_Beta@1", "PyPI", "alpha-beta"),
        ("pkg:npm/%40alpha/beta@1", "npm", "@alpha/beta"),
        ("pkg:maven/org.alpha/beta@1", "Maven", "org.alpha:beta"),
        ("pkg:golang/code.test/alpha/beta@v1.0.0", "Go", "code.test/alpha/beta"),
        ("pkg:golang/stdlib@1.20", "Go", "stdlib"),
        ("pkg:composer/alpha/beta@1", "Packagist", "alpha/beta"),
        ("pkg:cargo/alpha@1", "crates.io", "alpha"),
        ("pkg:gem/alpha@1", "RubyGems", "alpha"),
        ("pkg:nuget/Alpha@1", "NuGet", "Alpha"),
        ("pkg:swift/code.test/alpha/beta@1", "SwiftURL", "code.test/alpha/beta"),
        ("pkg:conan/vendor/alpha@1", "ConanCenter", "alpha"),
        ("pkg:bitnami/alpha@1", "Bitnami", "alpha"),
        ("pkg:githubactions/alpha/beta@v1", "GitHub Actions", "alpha/beta"),
        ("pkg:vscode-extension/alpha/beta@1", "VSCode", "alpha.beta"),
        ("pkg:julia/Alpha@1?uuid=0", "Julia", "Alpha"),
        ("pkg:deb/debian/alpha@1?distro=debian-12", "Debian:12", "alpha"),
        ("pkg:deb/debian/alpha@1?distro=debian-12.5", "Debian:12", "alpha"),
        ("pkg:deb/debian/alpha@1?distro=jessie", "Debian:8", "alpha"),
        ("pkg:deb/debian/alpha@1?distro=sid", "Debian:sid", "alpha"),
        ("pkg:deb/debian/alpha@1", "Debian", "alpha"),
        ("pkg:deb/debian/libalpha1@1?upstream=alpha&distro=debian-12", "Debian:12", "alpha"),
        ("pkg:deb/ubuntu/alpha@1?distro=ubuntu-22.04", "Ubuntu:22.04", "alpha"),
        ("pkg:deb/ubuntu/alpha@1?distro=jammy", "Ubuntu:22.04", "alpha"),
        ("pkg:apk/alpine/alpha@1?distro=alpine-3.18.4", "Alpine:v3.18", "alpha"),
        ("pkg:apk/alpine/alpha@1?distro=3.18.4", "Alpine:v3.18", "alpha"),
        ("pkg:apk/alpine/alpha-libs@1?upstream=alpha&distro=v3.18", "Alpine:v3.18", "alpha"),
        ("pkg:alpine/alpha-libs@1?upstream=alpha&distro=alpine-3.15.6", "Alpine:v3.15", "alpha"),
        ("pkg:apk/wolfi/alpha@1?distro=wolfi-20230201&upstream=beta", "Wolfi", "alpha"),
        ("pkg:apk/chainguard/alpha@1", "Chainguard", "alpha"),
        ("pkg:apk/alpaquita/alpha@1?distro=alpaquita-23", "Alpaquita:23", "alpha"),
        ("pkg:apk/alpaquita/alpha@1?distro=alpaquita-stream", "Alpaquita:stream", "alpha"),
        ("pkg:rpm/almalinux/alpha-libs@1?distro=almalinux-9.2", "AlmaLinux:9", "alpha-libs"),
        ("pkg:rpm/rocky/alpha@1?distro=rocky-8", "Rocky Linux:8", "alpha"),
        (
            "pkg:rpm/rocky-linux/alpha-libs@1?upstream=al-pha-1.2-3.el9.src.rpm",
            "Rocky Linux",
            "al-pha",
        ),
        ("pkg:rpm/redhat/alpha@1?distro=rhel-8.4", "Red Hat", "alpha"),
        ("pkg:rpm/suse/alpha@1?distro=sles-15.5", "SUSE", "alpha"),
        ("pkg:rpm/opensuse/alpha@1?distro=opensuse-leap-15.5", "openSUSE:Leap 15.5", "alpha"),
        ("pkg:rpm/opensuse/alpha@1?distro=opensuse-tumbleweed", "openSUSE:Tumbleweed", "alpha"),
        ("pkg:rpm/openeuler/a@1?distro=openEuler-22.03-LTS-SP4", "openEuler:22.03-LTS-SP4", "a"),
        ("pkg:rpm/openeuler/a@1?distro=openEuler-22.03", "openEuler", "a"),
        ("pkg:rpm/photon/alpha@1?distro=photon-4", "Photon OS:4.0", "alpha"),
        ("pkg:rpm/mariner/alpha@1?distro=mariner-2.0", "Azure Linux:2", "alpha"),
        ("pkg:rpm/mageia/alpha@1?distro=mageia-9", "Mageia:9", "alpha"),
        ("pkg:rpm/fedora/alpha@1?distro=fedora-25", "", "alpha"),
        ("pkg:deb/alpha@1", "", "alpha"),
        ("pkg:generic/alpha@1", "", "alpha"),
        ("pkg:pypi/vendor/alpha@1", "", "vendor/alpha"),
    ],
)
def test_ecosystem_and_name_of_a_package(purl: str, ecosystem: str, name: str) -> None:
    package = Package.parse(purl)
    assert ecosystems.ecosystem_of(package) == ecosystem
    assert ecosystems.advisory_name(package) == name


@pytest.mark.parametrize(
    ("purl", "version"),
    [
        ("pkg:pypi/alpha@1.0", "1.0"),
        ("pkg:deb/debian/libalpha@1.0%2Bb1?upstream=alpha@1:0.9", "1:0.9"),
        ("pkg:deb/debian/libalpha@1.0?upstream=alpha", "1.0"),
        ("pkg:deb/debian/libalpha?upstream=alpha@1:0.9", ""),
        ("pkg:rpm/rocky/alpha-libs@1.0-1?upstream=alpha-2.0-3.src.rpm", "2.0-3"),
        ("pkg:rpm/rocky/alpha@1.0-1?epoch=2", "2:1.0-1"),
        ("pkg:rpm/rocky/alpha@1.0-1?epoch=0", "1.0-1"),
        ("pkg:rpm/rocky/alpha@3:1.0-1?epoch=3", "3:1.0-1"),
    ],
)
def test_version_to_compare(purl: str, version: str) -> None:
    assert ecosystems.advisory_version(Package.parse(purl)) == version


@pytest.mark.parametrize(
    ("ecosystem", "name", "normal"),
    [
        ("PyPI", "Alpha._-Beta", "alpha-beta"),
        ("NuGet", "Alpha.Beta", "alpha.beta"),
        ("Packagist", "Alpha/Beta", "alpha/beta"),
        ("Packagist:https://x.test", "Alpha/Beta", "alpha/beta"),
        ("crates.io", "Alpha_beta", "alpha-beta"),
        ("npm", "JSONAlpha", "JSONAlpha"),
        ("Go", "code.test/Alpha", "code.test/Alpha"),
        ("RubyGems", "Alpha_beta", "Alpha_beta"),
        ("Maven", "org.Alpha:beta", "org.Alpha:beta"),
        ("Debian:12", "libalpha++", "libalpha++"),
        ("SwiftURL", "https://code.test/Alpha/beta.git", "code.test/alpha/beta"),
        ("SwiftURL", "code.test/alpha/beta", "code.test/alpha/beta"),
        ("GitHub Actions", "Alpha/Beta", "alpha/beta"),
    ],
)
def test_names_that_are_one_package_have_one_spelling(ecosystem, name, normal) -> None:
    assert ecosystems.normalise_name(ecosystem, name) == normal


@given(st.sampled_from(sorted(ecosystems.ECOSYSTEMS)), st.text(max_size=12))
def test_normalising_twice_changes_nothing(ecosystem: str, name: str) -> None:
    once = ecosystems.normalise_name(ecosystem, name)
    if ecosystem != "SwiftURL":  # an address within an address is no name
        assert ecosystems.normalise_name(ecosystem, once) == once
    ecosystems.package_of(ecosystem, name)


@pytest.mark.parametrize(
    ("ecosystem", "name", "purl"),
    [
        ("Maven", "org.alpha:beta", "pkg:maven/org.alpha/beta@1"),
        ("npm", "@alpha/beta", "pkg:npm/%40alpha/beta@1"),
        ("Go", "code.test/alpha/v2", "pkg:golang/code.test/alpha/v2@1"),
        ("PyPI", "Alpha_b", "pkg:pypi/alpha-b@1"),
        ("SwiftURL", "https://code.test/alpha/beta.git", "pkg:swift/code.test/alpha/beta@1"),
        ("VSCode", "alpha.beta.gamma", "pkg:vscode-extension/alpha/beta.gamma@1"),
        ("OSS-Fuzz", "alpha", "pkg:generic/alpha@1"),
        ("Debian:12", "alpha", "pkg:deb/debian/alpha@1?distro=debian-12"),
        ("Alpine:v3.18", "alpha", "pkg:apk/alpine/alpha@1?distro=alpine-3.18"),
        ("openSUSE:Leap 15.5", "alpha", "pkg:rpm/opensuse/alpha@1?distro=opensuse-leap-15.5"),
        ("Red Hat:rhel_aus:8.4::appstream", "alpha", "pkg:rpm/redhat/alpha@1"),
    ],
)
def test_package_of_a_record(ecosystem: str, name: str, purl: str) -> None:
    assert str(ecosystems.package_of(ecosystem, name, "1")) == purl


@pytest.mark.parametrize(
    ("ecosystem", "name"),
    [("Linux", "Kernel"), ("Julia", "Alpha"), ("SwiftURL", "alpha"), ("nowhere", "a"), ("npm", "")],
)
def test_no_package_where_no_package_url_can_be_made(ecosystem: str, name: str) -> None:
    assert ecosystems.package_of(ecosystem, name) is None


@pytest.mark.parametrize(
    "ecosystem",
    [
        *("Debian:12", "Debian:sid", "Ubuntu:22.04", "Alpine:v3.18", "AlmaLinux:9"),
        *("Rocky Linux:8", "openSUSE:Leap 15.5", "openSUSE:Tumbleweed", "Photon OS:4.0"),
        *("Azure Linux:3", "Mageia:9", "openEuler:22.03-LTS-SP4", "Alpaquita:stream", "Wolfi"),
        *("BellSoft Hardened Containers:23", "Red Hat", "SUSE", "Chainguard", "Echo"),
    ],
)
def test_release_survives_the_way_there_and_back(ecosystem: str) -> None:
    package = ecosystems.package_of(ecosystem, "alpha", "1")
    assert package is not None
    assert ecosystems.ecosystem_of(package) == ecosystem
    assert ecosystems.advisory_name(package) == "alpha"


def test_tables_name_only_defined_ecosystems() -> None:
    named = {*LANGUAGES, *DISTRIBUTIONS, *NAMESPACES.values()}
    assert named <= ecosystems.ECOSYSTEMS
    assert ecosystems.purl_type("Debian:12") == "deb"
    assert ecosystems.purl_type("Packagist:https://x.test") == "composer"
    assert ecosystems.purl_type("Linux") == ""
    assert ecosystems.known("Debian:12")
    assert not ecosystems.known("debian")
