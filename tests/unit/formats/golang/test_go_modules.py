"""``go.mod`` and ``go.sum`` (Go modules reference)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from pratique.formats.base import Tree
from pratique.formats.lockfiles.golang import go_mod, go_sum
from pratique.model.errors import InputError
from pratique.model.inventory import Reading, Relation, Trouble

Read = Callable[..., Reading]


@pytest.fixture
def mod(memory_tree: Callable[[Mapping[str, bytes]], Tree]) -> Read:
    def read(text: str, beside: Mapping[str, str] | None = None, path: str = "go.mod") -> Reading:
        files = {name: other.encode() for name, other in (beside or {}).items()}
        return go_mod.read(text.encode(), path, memory_tree(files))

    return read


MOD = """// head
module example.test/Team/app // trailing

go 1.22.3
toolchain go1.23.6-vendor

require example.test/alpha v1.0.0
require (
	"example.test/beta" v0.0.0-20210630005230-0f9fa26af87c // indirect
	example.test/gamma/v2 v2.0.0+incompatible // indirect; why
	// a comment
	example.test/delta v1.0.0
	example.test/epsilon v1.0.0
	example.test/zeta v1.0.0
)

replace example.test/delta => example.test/fork/delta v1.1.0

replace (
	example.test/epsilon v1.0.0 => ../epsilon
	example.test/zeta v1.0.0 => ./zeta
	example.test/alpha v9.9.9 => example.test/unused v1.0.0
)

exclude example.test/alpha v1.0.1
retract (
	v0.9.0 // a mistake
	[v0.1.0, v0.2.0]
)
godebug default=go1.21
tool example.test/alpha/cmd/x
"""


def test_everything_a_module_file_says(mod: Read) -> None:
    reading = mod(MOD, {"app/zeta/go.mod": "module example.test/zeta"}, "app/go.mod")
    assert reading.format == "go.mod go 1.22.3"
    assert str(reading.subject) == "pkg:golang/example.test/Team/app"
    found = {
        part.package.full_name: (part.package.version, part.relation, part.locations[0].line)
        for part in reading.components
    }
    assert found == {
        "example.test/alpha": ("v1.0.0", Relation.DIRECT, 7),
        "example.test/beta": ("v0.0.0-20210630005230-0f9fa26af87c", Relation.TRANSITIVE, 9),
        "example.test/gamma/v2": ("v2.0.0+incompatible", Relation.TRANSITIVE, 10),
        "example.test/fork/delta": ("v1.1.0", Relation.DIRECT, 17),
        "example.test/epsilon": ("", Relation.DIRECT, 20),
        "stdlib": ("1.23.6", Relation.DIRECT, 5),
    }
    parts = {part.package.name: part for part in reading.components}
    assert parts["delta"].alias == "example.test/delta"
    assert parts["delta"].requirement == "v1.0.0"
    assert parts["epsilon"].registry == "../epsilon"
    assert parts["stdlib"].requirement == ">=1.23.6"
    assert [(p.location.line, p.trouble) for p in reading.problems] == [
        (20, Trouble.UNKNOWN),
        (21, Trouble.NOTICE),
    ]


OLD = "module example.test/app\n\ngo 1.16\n\nrequire example.test/alpha v1.0.0\nexclude example.test/gamma v1.0.0\n"
SUM = """example.test/alpha v1.0.0 h1:AAAA=
example.test/alpha v1.0.0/go.mod h1:AAAA=
example.test/beta v1.2.0/go.mod h1:AAAA=
example.test/beta v1.3.0 h1:AAAA=
example.test/gamma v1.0.0 h1:AAAA=
what is this
"""


def test_before_go_1_17_the_rest_is_in_go_sum(mod: Read) -> None:
    reading = mod(OLD, {"go.sum": SUM})
    found = {(part.ref, str(part.locations[0]), part.relation) for part in reading.components}
    assert found == {
        ("example.test/alpha@v1.0.0", "go.mod:5", Relation.DIRECT),
        ("example.test/beta@v1.3.0", "go.sum:4", Relation.TRANSITIVE),
        ("stdlib@1.16", "go.mod:3", Relation.DIRECT),
    }
    assert ("go.sum:6", Trouble.UNREADABLE) in {
        (str(p.location), p.trouble) for p in reading.problems
    }


def test_before_go_1_17_without_go_sum_the_answer_is_incomplete(mod: Read) -> None:
    (problem,) = mod(OLD).problems
    assert problem.trouble is Trouble.UNKNOWN
    assert "go.sum" in problem.message
    assert mod(OLD.replace("1.16", "1.17")).problems == ()


def test_bad_lines_are_named_and_the_rest_is_kept(mod: Read) -> None:
    text = "module example.test/app\ngo 1.22\nrequire example.test/alpha\nnonsense x\nrequire example.test/beta v1.0.0\nrequire (\nexample.test/gamma master\n"
    reading = mod(text)
    assert sorted(part.ref for part in reading.components) == [
        "example.test/beta@v1.0.0",
        "example.test/gamma@",
        "stdlib@1.22",
    ]
    assert {(p.location.line, p.trouble.value) for p in reading.problems} == {
        (3, "unreadable"),
        (4, "unreadable"),
        (0, "unreadable"),
        (7, "unknown"),
    }


def test_another_file_is_refused(mod: Read) -> None:
    with pytest.raises(InputError, match=r"line 1: 'dear' is no directive"):
        mod("dear reader\nthis is a letter\n")


def test_go_sum_alone(memory_tree: Callable[[Mapping[str, bytes]], Tree]) -> None:
    reading = go_sum.read(SUM.encode(), "go.sum", memory_tree({}))
    assert [part.ref for part in reading.components] == [
        "example.test/alpha@v1.0.0",
        "example.test/beta@v1.3.0",
        "example.test/gamma@v1.0.0",
    ]
    assert {part.hashes for part in reading.components} == {()}
    assert [(p.location.line, p.trouble) for p in reading.problems] == [(6, Trouble.UNREADABLE)]
    with pytest.raises(InputError, match="line 1"):
        go_sum.read(b"a letter\n", "go.sum", memory_tree({}))
