"""Further package managers: what each has installed, with damaged and changed bytes."""

from __future__ import annotations

import random
import struct
from typing import NamedTuple

import pytest

from pratique.formats import registry
from pratique.formats.base import TreeError
from pratique.model.errors import InputError
from pratique.model.inventory import Relation, Trouble


class Beside:
    def __init__(self, **files: bytes) -> None:
        self.files = {name.replace("__", "/"): data for name, data in files.items()}

    def read(self, path: str) -> bytes:
        if path not in self.files:
            raise TreeError("no such file")
        return self.files[path]

    def is_file(self, path: str) -> bool:
        return path in self.files

    def names(self, _path: str) -> tuple[str, ...]:
        return ()


class Case(NamedTuple):
    reader: str
    path: str
    data: bytes
    purls: list[str]


def rpm_header(name: str, version: str) -> bytes:
    values = {1000: name, 1001: version, 1002: "3.fc40", 1014: "MIT", 1022: "noarch"}
    store, index = b"", b""
    for tag, text in values.items():
        index += struct.pack(">IIII", tag, 6, len(store), 1)
        store += text.encode() + b"\0"
    return b"\x8e\xad\xe8\x01\0\0\0\0" + struct.pack(">II", len(values), len(store)) + index + store


def rpm_file() -> bytes:
    signature = b"\x8e\xad\xe8\x01\0\0\0\0" + struct.pack(">II", 0, 0)
    return b"\xed\xab\xee\xdb" + b"\0" * 92 + signature + rpm_header("alpha", "1.2") + b"payload"


CASES = [
    Case(
        "pacman-desc",
        "var/lib/pacman/local/alpha-1.2-1/desc",
        b"%NAME%\nalpha\n\n%VERSION%\n1:1.2-1\n\n%ARCH%\nx86_64\n\n%LICENSE%\nMIT\nZlib\n\n"
        b"%REASON%\n1\n",
        ["pkg:alpm/arch/alpha@1:1.2-1?arch=x86_64"],
    ),
    Case(
        "portage",
        "var/db/pkg/dev-libs/alpha-beta-1.2-r3/PF",
        b"alpha-beta-1.2-r3\n",
        ["pkg:ebuild/dev-libs/alpha-beta@1.2-r3"],
    ),
    Case(
        "homebrew",
        "opt/homebrew/Cellar/alpha/1.2_1/INSTALL_RECEIPT.json",
        b'{"source": {"tap": "example/tap"}}',
        ["pkg:brew/example/tap/alpha@1.2_1"],
    ),
    Case(
        "nix-derivation",
        "nix/store/0c0gqq8yk0gabmp0i7pn7vfxyibsl7zw-alpha-1.2.drv",
        b'Derive([("out","/nix/store/x-alpha-1.2","","")],[],[],"x86_64-linux","sh",[],'
        b'[("name","alpha-1.2"),("pname","alpha"),("version","1.2")])',
        ["pkg:nix/alpha@1.2?drvhash=0c0gqq8yk0gabmp0i7pn7vfxyibsl7zw"],
    ),
    Case(
        "opam-switch",
        "root/.opam/5.1/.opam-switch/packages/alpha.1.2.3/opam",
        b'opam-version: "2.0"\nlicense: "ISC"\n',
        ["pkg:opam/alpha@1.2.3"],
    ),
    Case(
        "snap.yaml",
        "snap/alpha/12/meta/snap.yaml",
        b"name: alpha\nversion: 1.10\narchitectures: [amd64]\n",
        ["pkg:snap/alpha@1.10?arch=amd64"],
    ),
    Case(
        "conda-meta",
        "opt/conda/conda-meta/alpha-1.2-py_0.json",
        b'{"name": "alpha", "version": "1.2", "build": "py_0", "subdir": "noarch",'
        b' "channel": "https://example.test/forge/noarch", "license": "MIT",'
        b' "md5": "d41d8cd98f00b204e9800998ecf8427e"}',
        ["pkg:conda/alpha@1.2?build=py_0&channel=forge&subdir=noarch"],
    ),
    Case(
        "r-library",
        "usr/lib/R/library/alpha/DESCRIPTION",
        b"Package: alpha\nVersion: 1.2-3\nLicense: GPL-2 | GPL-3\nAuthor: A\n  B\n",
        ["pkg:cran/alpha@1.2-3"],
    ),
    Case(
        "otp-application",
        "usr/lib/erlang/lib/alpha-1.2/ebin/alpha.app",
        b'%% x\n{application, alpha,\n [{description, "A"},\n  {vsn, "1.2"}]}.\n',
        ["pkg:otp/alpha@1.2"],
    ),
    Case(
        "rockspec",
        "usr/share/lua/5.4/alpha-1.2-1.rockspec",
        b'package = "alpha"\nversion = "1.2-1"\ndescription = {\n  license = "MIT"\n}\n',
        ["pkg:luarocks/alpha@1.2-1"],
    ),
    Case(
        "swipl-pack",
        "pack/alpha/pack.pl",
        b"name(alpha).\nversion('1.2').\n",
        ["pkg:swiplpack/alpha@1.2"],
    ),
    Case(
        "wordpress-plugin",
        "srv/wp-content/plugins/alpha/main.php",
        b"<?php\n/*\n * Plugin Name: Alpha for All\n * Version: 1.2\n */\n",
        ["pkg:wordpress-plugin/alpha@1.2"],
    ),
    Case(
        "vcpkg-status",
        "vcpkg_installed/vcpkg/status",
        b"Package: alpha\nVersion: 1.2\nPort-Version: 3\nArchitecture: x64-linux\n"
        b"Status: install ok installed\n\nPackage: alpha\nFeature: ssl\nArchitecture: x64-linux\n"
        b"Status: install ok installed\n\nPackage: beta\nVersion: 2\nArchitecture: x64-linux\n"
        b"Status: purge ok not-installed\n",
        ["pkg:vcpkg/alpha@1.2?port_version=3&triplet=x64-linux"],
    ),
    Case(
        "rpm-package",
        "pool/alpha-1.2-3.fc40.noarch.rpm",
        rpm_file(),
        ["pkg:rpm/alpha@1.2-3.fc40?arch=noarch"],
    ),
    Case(
        "github-actions",
        ".github/workflows/ci.yml",
        b"on: push\njobs:\n  a:\n    uses: org/repo/.github/workflows/x.yml@v1\n  b:\n    steps:\n"
        b"      - uses: actions/checkout@v4\n      - uses: ./own\n      - run: true\n",
        ["pkg:github/actions/checkout@v4", "pkg:github/org/repo@v1"],
    ),
    Case(
        ".terraform.lock.hcl",
        ".terraform.lock.hcl",
        b'provider "registry.example.test/org/alpha" {\n  version     = "1.2.0"\n'
        b'  constraints = "~> 1.0"\n  hashes = [\n    "h1:abc=",\n    "zh:'
        + b"ab" * 32
        + b'",\n  ]\n}\n',
        ["pkg:terraform/registry.example.test/org/alpha@1.2.0"],
    ),
    Case(
        "Manifest.toml",
        "Manifest.toml",
        b'manifest_format = "2.0"\n[[deps.Alpha]]\ndeps = ["Beta", "Dates"]\ngit-tree-sha1 = "ab"\n'
        b'uuid = "11111111-2222-3333-4444-555555555555"\nversion = "1.2.0"\n[[deps.Beta]]\n'
        b'git-tree-sha1 = "cd"\nuuid = "11111111-2222-3333-4444-666666666666"\nversion = "0.1.0"\n'
        b'[[deps.Dates]]\nuuid = "ade2ca70-3891-5945-98fb-dc099432e06a"\n',
        [
            "pkg:julia/Alpha@1.2.0?uuid=11111111-2222-3333-4444-555555555555",
            "pkg:julia/Beta@0.1.0?uuid=11111111-2222-3333-4444-666666666666",
        ],
    ),
    Case(
        "paket.lock",
        "paket.lock",
        b"NUGET\n  remote: https://example.test/index.json\n    Alpha (1.2)\n      Beta (>= 2.0)\n"
        b"    Beta (2.1)\n",
        ["pkg:nuget/Alpha@1.2", "pkg:nuget/Beta@2.1"],
    ),
]


def read(case: Case, data: bytes | None = None, tree: Beside | None = None):
    found = {one.name: one for one in registry.by_name(case.path)}
    reader = found[case.reader]
    return registry.read_function(reader)(
        case.data if data is None else data, case.path, tree or Beside()
    )


@pytest.mark.parametrize("case", CASES, ids=[case.reader for case in CASES])
def test_purls(case: Case) -> None:
    reading = read(case)
    assert sorted(str(one.package) for one in reading.components) == case.purls
    assert not [one for one in reading.problems if one.trouble is Trouble.UNREADABLE]


@pytest.mark.parametrize("case", CASES, ids=[case.reader for case in CASES])
def test_changed_bytes_never_crash(case: Case) -> None:
    chooser = random.Random(case.reader)
    said = []
    for _ in range(150):
        data = bytearray(case.data)
        for _ in range(chooser.randrange(1, 5)):
            at = chooser.randrange(len(data))
            if chooser.random() < 0.5:
                data[at] = chooser.randrange(256)
            else:
                del data[at : at + chooser.randrange(1, 20)]
            if not data:
                break
        try:
            read(case, bytes(data))
        except InputError as error:
            said.append(error.message)
    for odd in (b"", b"\0" * 50, b"\xff" * 50, b"[" * 5000, b"{" * 5000):
        try:
            read(case, odd)
        except InputError as error:
            said.append(error.message)
    assert said or case.reader == "wordpress-plugin"
    assert not [one for one in said if "\n" in one]


def case_of(reader: str) -> Case:
    return next(case for case in CASES if case.reader == reader)


def test_details_of_pacman() -> None:
    tree = Beside(etc__os_release=b"")
    tree.files["etc/os-release"] = b"ID=manjaro\nVERSION_ID=24\n"
    (part,) = read(case_of("pacman-desc"), tree=tree).components
    assert part.package.namespace == "manjaro"
    assert part.relation is Relation.TRANSITIVE
    assert [claim.text for claim in part.licenses] == ["MIT", "Zlib"]


def test_details_of_portage() -> None:
    folder = "var/db/pkg/dev-libs/alpha-beta-1.2-r3"
    tree = Beside()
    tree.files = {f"{folder}/LICENSE": b"BSD\n", f"{folder}/SLOT": b"0/3\n"}
    (part,) = read(case_of("portage"), tree=tree).components
    assert str(part.package) == "pkg:ebuild/dev-libs/alpha-beta@1.2-r3?slot=0"
    assert part.licenses[0].text == "BSD"


def test_details_of_conda() -> None:
    (part,) = read(case_of("conda-meta")).components
    assert str(part.hashes[0]) == "md5:d41d8cd98f00b204e9800998ecf8427e"
    data = case_of("conda-meta").data.replace(b"d41d8cd9", b"zzzz")
    reading = read(case_of("conda-meta"), data)
    assert [one.trouble for one in reading.problems] == [Trouble.UNKNOWN]
    assert len(reading.components) == 1


def test_edges() -> None:
    reading = read(case_of("paket.lock"))
    assert reading.edges == {"Alpha@1.2": ("Beta@2.1",), "Beta@2.1": ()}
    julia = read(case_of("Manifest.toml"))
    (targets,) = [to for source, to in julia.edges.items() if source.startswith("Alpha")]
    assert [one.partition("@")[0] for one in targets] == ["Beta"]


def test_terraform_keeps_digests_of_archives() -> None:
    (part,) = read(case_of(".terraform.lock.hcl")).components
    assert [one.algorithm for one in part.hashes] == ["sha256"]
    assert part.requirement == "~> 1.0"
    cut = case_of(".terraform.lock.hcl").data[:-3]
    assert "does not end" in read(case_of(".terraform.lock.hcl"), cut).problems[0].message


def test_a_plugin_s_other_files_say_nothing() -> None:
    assert read(case_of("wordpress-plugin"), b"<?php\n// none\n").components == ()


def test_what_a_workflow_does_not_pin_is_unknown() -> None:
    data = b"jobs:\n  a:\n    steps:\n      - uses: actions/none\n      - uses: docker://alpine:3\n"
    reading = read(case_of("github-actions"), data)
    assert [one.trouble for one in reading.problems] == [Trouble.UNKNOWN] * 2
    assert [one.location.line for one in reading.problems] == [4, 5]


def test_gem_stubs_with_nul_bytes() -> None:
    """RubyGems separates a gem's extensions by NUL in the stub's comment."""
    case = Case(
        "gem-specification",
        "gems/specifications/alpha-1.2.gemspec",
        b"# stub: alpha 1.2 ruby lib\n# stub: ext/a/extconf.rb\0ext/b/extconf.rb\n\n"
        b'Gem::Specification.new do |s|\n  s.name = "alpha".freeze\n  s.version = "1.2"\nend\n',
        ["pkg:gem/alpha@1.2"],
    )
    assert [str(one.package) for one in read(case).components] == case.purls
