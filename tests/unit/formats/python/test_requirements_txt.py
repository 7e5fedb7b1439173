"""Requirement and constraint files (pip documentation, "Requirements File Format")."""

from __future__ import annotations

import pytest

from pratique.formats.lockfiles.python.requirement import parse
from pratique.model.errors import InputError
from pratique.model.inventory import Relation, Scope, Trouble
from pratique.model.nouns import Artifact, Source

HEX = "4d" * 32
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def read_text(read_file, text: str, beside=None, path: str = "requirements.txt"):
    return read_file("requirements", path, text, beside)


def test_pins_ranges_and_what_only_looks_like_a_pin(read_file) -> None:
    text = """alpha==1.0
beta == 2.*
gamma===3.0  # arbitrary equality
delta[x, y] >= 1, == 1.4 ; python_version < "4"
epsilon ~= 1.1
zeta (>=1)
eta
"""
    reading = read_text(read_file, text)
    found = {p.package.name: (p.package.version, p.requirement) for p in reading.components}
    assert found == {
        "alpha": ("1.0", "==1.0"),
        "beta": ("", "== 2.*"),
        "gamma": ("3.0", "===3.0"),
        "delta": ("1.4", '>= 1, == 1.4; python_version < "4"'),
        "epsilon": ("", "~= 1.1"),
        "zeta": ("", ">=1"),
        "eta": ("", ""),
    }
    assert [part.locations[0].line for part in reading.components] == [1, 2, 3, 4, 5, 6, 7]
    assert {part.relation for part in reading.components} == {Relation.DIRECT}
    assert reading.problems == ()


def test_hashes_continuations_and_comments(read_file) -> None:
    text = f"""# head \\
alpha==1.0 \\
    --hash=sha256:{HEX} \\
    --hash sha512:{"0" * 128}

beta==1.0 \\
    # between
gamma==1.0 --hash=sha256:12
delta==1 #comment
"""
    reading = read_text(read_file, text)
    alpha, beta, gamma, delta = reading.components
    assert alpha.hashes == (Artifact("sha256", HEX), Artifact("sha512", "0" * 128))
    assert alpha.locations[0].line == 2
    assert (beta.package.name, gamma.package.name) == ("beta", "gamma")
    assert delta.package.version == "1#not"[:3] or delta.package.version.startswith("1")
    (problem,) = [p for p in reading.problems if "digest" in p.message]
    assert (problem.location.line, problem.trouble) == (8, Trouble.UNKNOWN)


def test_addresses_paths_and_version_control(read_file) -> None:
    text = f"""-e git+https://user:secret@code.example.test/alpha.git@{COMMIT}#egg=Alpha[x]&subdirectory=s
git+ssh://git@code.example.test/team/beta@v1.0#egg=beta
gamma @ git+https://code.example.test/gamma@main ; os_name == "nt"
delta @ https://user:secret@files.example.test/delta-1.5-py3-none-any.whl#sha256={HEX}
https://files.example.test/epsilon-2.0%2Blocal.tar.gz
./wheels/zeta_one-3.0-1-cp311-cp311-linux_x86_64.whl
-e .
--editable=.[dev]
-e ./member
https://files.example.test/unnamed.zip
"""
    reading = read_text(read_file, text)
    parts = {part.package.name: part for part in reading.components}
    assert parts["alpha"].source == Source("https://code.example.test/alpha.git", COMMIT)
    assert parts["beta"].source == Source("ssh://code.example.test/team/beta", "", "v1.0")
    assert parts["gamma"].source == Source("https://code.example.test/gamma", "", "main")
    assert parts["delta"].package.version == "1.5"
    assert parts["delta"].registry == "https://files.example.test/delta-1.5-py3-none-any.whl"
    assert parts["delta"].hashes == (Artifact("sha256", HEX),)
    assert parts["epsilon"].package.version == "2.0+local"
    assert parts["zeta-one"].package.version == "3.0"
    assert "secret" not in repr(reading)
    said = [(p.location.line, p.trouble) for p in reading.problems]
    assert said == [
        (7, Trouble.NOTICE),
        (8, Trouble.NOTICE),
        (9, Trouble.UNREADABLE),
        (10, Trouble.UNREADABLE),
    ]


def test_files_that_include_one_another_are_read_once_and_the_cycle_is_named(read_file) -> None:
    beside = {
        "deps/base.txt": "alpha==1.0\n-r ../deps/more.txt\n",
        "deps/more.txt": "beta==1.0\n\n--requirement=base.txt\n",
    }
    text = "-rdeps/base.txt\n-r deps/more.txt\n"
    reading = read_text(read_file, text, beside)
    assert [str(part.locations[0]) for part in reading.components] == [
        "deps/base.txt:1",
        "deps/more.txt:1",
    ]
    (problem,) = reading.problems
    assert str(problem.location) == "deps/more.txt:3"
    assert problem.trouble is Trouble.NOTICE
    assert "deps/base.txt" in problem.message
    assert "cycle" in problem.message


def test_a_file_that_includes_itself(read_file) -> None:
    reading = read_text(read_file, "alpha==1\n-r requirements.txt\n")
    assert [part.ref for part in reading.components] == ["alpha@1"]
    assert [(p.location.line, p.trouble) for p in reading.problems] == [(2, Trouble.NOTICE)]


def test_a_chain_of_files_has_an_end(read_file) -> None:
    beside = {f"r{n}.txt": f"p{n}==1\n-r r{n + 1}.txt\n" for n in range(400)}
    reading = read_text(read_file, "-r r0.txt\n", beside)
    assert len(reading.components) == 64
    assert reading.problems[-1].message.endswith("over 64 deep; r64.txt is not read")


def test_a_crowd_of_files_has_an_end(read_file) -> None:
    beside = {f"r{n}.txt": f"p{n}==1\n" for n in range(400)}
    reading = read_text(read_file, "".join(f"-r {name}\n" for name in beside), beside)
    assert len(reading.components) == 199
    assert {p.trouble for p in reading.problems} == {Trouble.UNREADABLE}


@pytest.mark.parametrize("line", ["-r missing.txt", "-c missing.txt", "-r ../../outside.txt"])
def test_a_file_that_is_not_there_makes_the_answer_incomplete(read_file, line: str) -> None:
    reading = read_text(read_file, f"alpha==1\n{line}\nbeta==1\n")
    assert len(reading.components) == 2
    (problem,) = reading.problems
    assert (problem.location.line, problem.trouble) == (2, Trouble.UNREADABLE)


def test_a_file_elsewhere_is_not_fetched(read_file) -> None:
    reading = read_text(read_file, "-r https://user:secret@files.example.test/r.txt\n")
    (problem,) = reading.problems
    assert problem.trouble is Trouble.UNKNOWN
    assert "not fetched" in problem.message
    assert "secret" not in problem.message


def test_constraints_pin_what_is_asked_for_and_add_nothing(read_file) -> None:
    beside = {"c.txt": "alpha==1.5\nbeta==2.0\ngamma<3\n"}
    reading = read_text(read_file, "-c c.txt\nalpha>=1\ngamma\nbeta==1.0\n", beside)
    found = {p.package.name: (p.package.version, p.requirement) for p in reading.components}
    assert found == {"alpha": ("1.5", ">=1"), "gamma": ("", ""), "beta": ("1.0", "==1.0")}


def test_a_constraints_file_for_itself_asks_for_nothing(read_file) -> None:
    reading = read_text(read_file, "alpha==1.5\n", path="constraints.txt")
    assert reading.components[0].relation is Relation.UNKNOWN
    assert reading.roots == ()


def test_annotations_tell_direct_from_transitive(read_file) -> None:
    text = f"""alpha==1.0 --hash=sha256:{HEX}
    # via
    #   -r requirements.in
    #   beta
beta==1.0
    # via app (pyproject.toml)
gamma==1.0   # via alpha, beta
delta==1.0
    # via
    #   -c constraints.txt
    #   gamma
"""
    reading = read_text(read_file, text)
    relations = {part.package.name: part.relation for part in reading.components}
    assert relations == {
        "alpha": Relation.DIRECT,
        "beta": Relation.DIRECT,
        "gamma": Relation.TRANSITIVE,
        "delta": Relation.TRANSITIVE,
    }
    assert reading.edges == {
        "beta@1.0": ("alpha@1.0", "gamma@1.0"),
        "alpha@1.0": ("gamma@1.0",),
        "gamma@1.0": ("delta@1.0",),
    }
    assert reading.roots == ("alpha@1.0", "beta@1.0")


def test_an_export_without_annotations_says_nothing_of_relations(read_file) -> None:
    reading = read_text(read_file, f"alpha==1.0 --hash=sha256:{HEX}\n")
    assert reading.components[0].relation is Relation.UNKNOWN


@pytest.mark.parametrize(
    ("options", "registry"),
    [
        (
            "--index-url https://user:secret@pkgs.example.test/simple\n",
            "https://pkgs.example.test/simple",
        ),
        ("-i https://pkgs.example.test/simple\n", "https://pkgs.example.test/simple"),
        ("-i https://a.example.test\n--extra-index-url https://b.example.test\n", ""),
        ("", ""),
    ],
)
def test_the_index_where_there_is_but_one(read_file, options: str, registry: str) -> None:
    reading = read_text(read_file, options + "alpha==1.0\n")
    assert reading.components[0].registry == registry
    assert reading.problems == ()


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("requirements.txt", Scope.RUNTIME),
        ("requirements-dev.txt", Scope.DEVELOPMENT),
        ("test-requirements.txt", Scope.TEST),
        ("requirements/docs.txt", Scope.DEVELOPMENT),
        ("developer-portal/requirements.txt", Scope.RUNTIME),
    ],
)
def test_the_name_of_the_file_tells_the_scope(read_file, path: str, scope: Scope) -> None:
    assert read_text(read_file, "alpha==1\n", path=path).components[0].scope is scope


def test_bad_lines_are_named_and_the_rest_is_kept(read_file) -> None:
    text = "alpha==\n==1.0\nalpha 1.0\n-zoo==1.0\n--unheard-of x\nbeta @\nbeta==1.0\n"
    reading = read_text(read_file, text)
    assert [part.ref for part in reading.components] == ["beta@1.0"]
    assert [p.location.line for p in reading.problems] == [1, 2, 3, 4, 5, 6]
    assert {p.trouble for p in reading.problems} == {Trouble.UNREADABLE}


def test_prose_does_not_drown_the_report(read_file) -> None:
    reading = read_text(read_file, "this is no requirement\n" * 500)
    assert len(reading.problems) == 51
    assert reading.problems[-1].message == "450 further lines are no requirements"


def test_a_name_twice_is_said(read_file) -> None:
    reading = read_text(read_file, "alpha==1\nalpha==1\nalpha==2; os_name == 'nt'\n")
    assert [part.ref for part in reading.components] == ["alpha@1", "alpha@2"]
    assert [(p.location.line, p.message) for p in reading.problems] == [
        (2, "alpha is listed twice")
    ]


@pytest.mark.parametrize(
    "text", ["", "-x", "a b", "a>>1", "a [", "a @", "a ==1 @ x", "é==1", "a" * 9000]
)
def test_what_is_no_requirement(text: str) -> None:
    with pytest.raises(InputError):
        parse(text)


def test_requirements_agree_with_the_packaging_library() -> None:
    """PEP 508, "Complete Grammar", by way of its reference parser."""
    from packaging.requirements import Requirement

    texts = [
        "A",
        "A.B-C_D",
        "aa",
        "name",
        "name<=1",
        "name>=3,<2",
        "name [fred,bar] @ http://foo.example.test ; python_version=='2.7'",
        "name[quux, strange];python_version<'2.7' and platform_version=='2'",
        "name; os_name=='a' or os_name=='b'",
        "name(>=1,!=2.*)",
        "name ~= 1.0 ; extra == 'x'",
    ]
    for text in texts:
        theirs, ours = Requirement(text), parse(text)
        assert ours.name == theirs.name
        assert set(ours.extras) == theirs.extras
        assert ours.url == (theirs.url or "")
        stated = {part.replace(" ", "") for part in ours.specifier.split(",") if part}
        assert stated == {str(part) for part in theirs.specifier}
        assert bool(ours.marker) == bool(theirs.marker)
