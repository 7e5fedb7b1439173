from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pratique.model.errors import InputError, LimitError
from pratique.model.purl import MAX_PURL, Package

TYPES = (
    *("alpm", "apk", "bitnami", "brew", "cargo", "composer", "conan", "cpan", "cran", "deb"),
    *("docker", "gem", "generic", "git", "github", "golang", "hackage", "hex", "huggingface"),
    *("luarocks", "maven", "mlflow", "npm", "nuget", "oci", "pub", "pypi", "rpm", "swid"),
    *("swift", "vscode-extension", "yocto", "made-up.type"),
)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("pkg:pypi/Alpha_Beta@1.0", "pkg:pypi/alpha-beta@1.0"),
        ("pkg:pypi/alpha.beta@1.0", "pkg:pypi/alpha.beta@1.0"),
        ("pkg:npm/@alpha/beta@1.0.0", "pkg:npm/%40alpha/beta@1.0.0"),
        ("pkg:npm/@alpha/beta", "pkg:npm/%40alpha/beta"),
        ("pkg:npm/%40alpha%2Fbeta@1.0.0", "pkg:npm/%40alpha/beta@1.0.0"),
        ("pkg:npm/JSONAlpha@1.0.0", "pkg:npm/JSONAlpha@1.0.0"),
        (
            "pkg:deb/Debian/Alpha@1:2.0%2Bb1?Arch=amd64",
            "pkg:deb/debian/alpha@1:2.0%2Bb1?arch=amd64",
        ),
        ("pkg:deb/alpha@1", "pkg:deb/alpha@1"),
        ("pkg:github/Alpha/Beta@feature/x", "pkg:github/alpha/beta@feature%2Fx"),
        ("pkg:golang/example.test/Alpha@v1.0.0%2Bincompatible", None),
        ("pkg:generic/a@1?download_url=https://x.test/?a=b", None),
        ("PKG:cargo/alpha@1.0.0 ", "pkg:cargo/alpha@1.0.0"),
        ("pkg://cargo//alpha@1.0.0", "pkg:cargo/alpha@1.0.0"),
        ("pkg:cargo/alpha@1.0.0?a=&b=1&", "pkg:cargo/alpha@1.0.0?b=1"),
        ("pkg:cargo/alpha@1.0.0#/../a/./b/", "pkg:cargo/alpha@1.0.0#a/b"),
        ("pkg:composer/Alpha/Beta", "pkg:composer/alpha/beta"),
        ("pkg:pub/Alpha-Beta", "pkg:pub/alpha_beta"),
        ("pkg:cpan/abc/Alpha", "pkg:cpan/ABC/Alpha"),
        ("pkg:git/code.test/Alpha/beta/gamma@1", "pkg:git/code.test/Alpha/beta/gamma@1"),
    ],
)
def test_parse_gives_the_canonical_form(text: str, canonical: str | None) -> None:
    package = Package.parse(text)
    if canonical is not None:
        assert str(package) == canonical
    assert Package.parse(str(package)) == package


def test_parse_decodes_every_part() -> None:
    assert Package.parse(
        "pkg:maven/org.alpha/beta@1.0%20Final?type=jar&classifier=a%26b#src/%C3%A9"
    ) == Package(
        type="maven",
        name="beta",
        version="1.0 Final",
        namespace="org.alpha",
        qualifiers=(("classifier", "a&b"), ("type", "jar")),
        subpath="src/é",
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "does not start with 'pkg:'"),
        ("alpha", "does not start with 'pkg:'"),
        ("pkg:", "no name"),
        ("pkg:npm", "no name"),
        ("pkg:npm/", "no name"),
        ("pkg:npm/@1.0", "no name"),
        ("pkg:1npm/alpha", "type '1npm'"),
        ("pkg:n&m/alpha", "type 'n&m'"),
        ("pkg:npm/alpha?beta", "has no value"),
        ("pkg:npm/alpha?b%20c=1", "qualifier 'b%20c'"),
        ("pkg:npm/alpha?a=1&A=2", "two values for 'a'"),
        ("pkg:npm/alpha@%ff", "not UTF-8"),
        ("pkg:npm/al%00pha", "control characters"),
        ("pkg:npm/alpha@1%1b[31m", "control characters"),
        ("pkg:swift/alpha@1", "no namespace"),
        ("pkg:otp/alpha/beta@1", "forbids"),
        ("pkg:julia/Alpha@1", "no uuid"),
        ("pkg:cpan/Alpha::Beta", "module's"),
        ("pkg:chrome-extension/alpha", "32 letters"),
    ],
)
def test_what_is_not_a_package_url_says_why_in_one_line(text: str, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        Package.parse(text)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_length_is_limited_both_ways() -> None:
    longest = "pkg:npm/" + "a" * (MAX_PURL - 8)
    assert str(Package.parse(longest)) == longest
    with pytest.raises(LimitError):
        Package.parse(longest + "a")
    with pytest.raises(LimitError):
        Package.of("npm", "é" * (MAX_PURL // 6))
    with pytest.raises(LimitError):
        Package.of("npm", "alpha", qualifiers={"a": "b" * MAX_PURL})


def test_of_normalises_and_drops_what_is_empty() -> None:
    package = Package.of(
        "NPM", " @alpha/beta ", " 1.0 ", qualifiers={"Arch": "x", "none": "", "blank": " "}
    )
    assert package == Package("npm", "beta", "1.0", "@alpha", (("arch", "x"),))


def test_of_refuses_a_lone_surrogate() -> None:
    with pytest.raises(InputError, match="control"):
        Package.of("npm", "alpha\ud800")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("pkg:npm/%40alpha/beta@1", "@alpha/beta"),
        ("pkg:maven/org.alpha/beta@1", "org.alpha:beta"),
        ("pkg:maven/alpha@1", "alpha"),
        ("pkg:golang/code.test/alpha/beta/v2@v2.0.0", "code.test/alpha/beta/v2"),
        ("pkg:deb/debian/alpha@1", "alpha"),
        ("pkg:rpm/fedora/alpha@1", "alpha"),
        ("pkg:pypi/alpha@1", "alpha"),
        ("pkg:composer/alpha/beta@1", "alpha/beta"),
        ("pkg:vscode-extension/alpha/beta@1", "alpha.beta"),
    ],
)
def test_full_name(text: str, name: str) -> None:
    assert Package.parse(text).full_name == name


def test_without_version_keeps_only_the_name() -> None:
    package = Package.parse("pkg:npm/%40alpha/beta@1?a=b#c")
    assert str(package.without_version()) == "pkg:npm/%40alpha/beta"


def test_packages_sort_and_hash() -> None:
    first, second = Package.parse("pkg:npm/alpha@1"), Package.parse("pkg:npm/beta@1")
    assert sorted([second, first]) == [first, second]
    assert len({first, Package.of("npm", "alpha", "1"), second}) == 2


keys = st.from_regex(r"[a-zA-Z][a-zA-Z0-9._-]{0,8}", fullmatch=True)


@given(
    type=st.sampled_from(TYPES),
    name=st.text(min_size=1, max_size=12),
    version=st.text(max_size=12),
    namespace=st.text(max_size=16),
    qualifiers=st.dictionaries(keys, st.text(max_size=8), max_size=3),
    subpath=st.text(max_size=12),
)
@example("npm", "@/a", "@", "@/@", {"a": "&=#?"}, "#/?")
@example("generic", "a@b", "1@2/3", "%2F", {}, "%2e%2E")
@example("git", "b/c", "", "Alpha.test/x", {}, "")
@example("hackage", "_", "_", "", {}, "")
def test_round_trip(type, name, version, namespace, qualifiers, subpath) -> None:
    try:
        package = Package.of(
            type, name, version, namespace=namespace, qualifiers=qualifiers, subpath=subpath
        )
    except InputError:
        return
    text = str(package)
    assert Package.parse(text) == package
    assert str(Package.parse(text)) == text
    assert text.isascii()


@given(st.text(alphabet="pkg:/@%?#&=.aB2- é\x00\n", max_size=40))
def test_any_text_is_read_or_refused_with_a_reason(tail: str) -> None:
    for text in (tail, "pkg:" + tail, "pkg:npm/" + tail):
        try:
            package = Package.parse(text)
        except InputError:
            continue
        assert Package.parse(str(package)) == package
