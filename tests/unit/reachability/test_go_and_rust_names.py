"""Functions that advisories name, looked for in Go and Rust sources."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from pratique.reachability import Answer, State, tokens
from pratique.reachability.golang import Import, imports

Answers = Callable[..., dict[str, Answer]]
MOD = "module example.test/app\n\ngo 1.20\n\nrequire example.test/alpha v1.0.0\n"
TEXT = {"vendor/example.test/alpha/text/text.go": "package text\nfunc Parse() {}\n"}


def test_go_imports_of_every_form_are_read() -> None:
    source = (
        '// import "no"\npackage main /* import ( */\n'
        'import "a"\nimport b "x/b"; import . `x/c`\nimport (\n\t_ "x/d"\n\n\te "x/e" // "no"\n)\n'
        'const s = `import "no"`\nimport "late"\n'
    )
    assert imports(source) == (
        "main",
        (
            Import("a", "", 3),
            Import("x/b", "b", 4),
            Import("x/c", ".", 4),
            Import("x/d", "_", 6),
            Import("x/e", "e", 8),
        ),
    )


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ("text.Parse()", State.REFERENCED),
        ("f := text.Parse; f()", State.REFERENCED),
        ("text.Other()", State.UNREFERENCED),
        ("// text.Parse()\n_ = `text.Parse`", State.UNREFERENCED),
        ("other.Parse()", State.UNREFERENCED),
    ],
)
def test_go_functions_are_found_by_package_and_name(
    answers: Answers, body: str, state: State
) -> None:
    source = f'package main\nimport "example.test/alpha/text"\nfunc main() {{\n{body}\n}}\n'
    found = answers({"go.mod": MOD, "main.go": source, **TEXT})["EX-parse"]
    assert found.state is state
    assert [str(site) for site in found.chain] == ["main.go:2: import example.test/alpha/text"]
    if state is State.REFERENCED:
        assert [str(site) for site in found.sites] == ["main.go:4: text.Parse"]


@pytest.mark.parametrize(
    ("label", "body"), [("t", "t.Parse()"), (".", "Parse()"), ("", "renamed.Parse()")]
)
def test_go_labels_dots_and_package_names_of_their_own_are_followed(
    answers: Answers, label: str, body: str
) -> None:
    source = f'package main\nimport {label} "example.test/alpha/text"\nfunc main() {{ {body} }}\n'
    vendored = {"vendor/example.test/alpha/text/text.go": "package renamed\nfunc Parse() {}\n"}
    found = answers({"go.mod": MOD, "main.go": source, **vendored})
    assert found["EX-parse"].state is State.REFERENCED


def test_go_packages_come_in_through_others(answers: Answers) -> None:
    found = answers(
        {
            "go.mod": MOD + "require example.test/middle v1.0.0\n",
            "main.go": 'package main\nimport "example.test/middle"\n',
            "vendor/example.test/middle/m.go": 'package middle\nimport "example.test/alpha"\n'
            "func F(r *alpha.Reader) { r.NextRow() }\n",
            "vendor/example.test/alpha/a.go": "package alpha\n",
        }
    )
    assert found["EX-method"].state is State.REFERENCED
    assert [site.location.path for site in found["EX-method"].chain] == [
        "main.go",
        "vendor/example.test/middle/m.go",
    ]
    assert found["EX-parse"].state is State.UNIMPORTED


def test_go_methods_that_the_standard_library_calls_are_unknown(answers: Answers) -> None:
    source = 'package main\nimport "example.test/alpha"\nvar _ alpha.Reader\n'
    vendored = {"vendor/example.test/alpha/a.go": "package alpha\n"}
    found = answers({"go.mod": MOD, "main.go": source, **vendored})
    assert found["EX-method"].state is State.UNREFERENCED
    assert found["EX-json"].state is State.UNKNOWN
    assert "Document.UnmarshalJSON" in found["EX-json"].reason
    assert found["EX-init"].state is State.IMPORTED


def test_go_packages_may_be_called_target_and_links_lead_nowhere(
    answers: Answers, tmp_path: Path
) -> None:
    source = 'package target\nimport "example.test/alpha/text"\nvar _ = text.Parse\n'
    files = {"go.mod": MOD, "main.go": "package main\n", **TEXT}
    assert answers(files)["EX-parse"].state is State.UNIMPORTED
    (tmp_path / "project" / "linked").symlink_to(tmp_path)
    assert answers(files)["EX-parse"].state is State.UNKNOWN
    assert answers(files | {"target/t.go": source})["EX-parse"].state is State.REFERENCED


def test_go_sources_that_are_absent_leave_it_unknown(answers: Answers) -> None:
    source = 'package main\nimport "example.test/middle"\n'
    files = {"go.mod": MOD + "require example.test/middle v1.0.0\n", "main.go": source}
    found = answers(files)["EX-parse"]
    assert found.state is State.UNKNOWN
    assert "example.test/middle" in found.reason


def test_go_sources_are_found_in_the_module_cache(answers: Answers, tmp_path_factory) -> None:  # type: ignore[no-untyped-def]
    cache = tmp_path_factory.mktemp("cache")
    folder = cache / "example.test" / "!middle@v1.0.0"
    folder.mkdir(parents=True)
    (folder / "m.go").write_text('package middle\nimport "example.test/alpha/text"\n')
    (folder / "m_test.go").write_text('package middle\nimport "example.test/alpha"\n')
    (cache / "example.test" / "alpha@v1.0.0" / "text").mkdir(parents=True)
    (cache / "example.test" / "alpha@v1.0.0" / "text" / "t.go").write_text("package text\n")
    source = 'package main\nimport "example.test/Middle"\n'
    files = {"go.mod": MOD + "require example.test/Middle v1.0.0\n", "main.go": source}
    found = answers(files, variables={"GOMODCACHE": str(cache)})
    assert found["EX-parse"].state is State.UNREFERENCED
    assert found["EX-method"].state is State.UNIMPORTED


def test_go_whole_packages_inner_functions_and_the_standard_library(answers: Answers) -> None:
    requires = "require example.test/beta v1.0.0\nrequire example.test/gamma v1.0.0\n"
    source = 'package main\nimport (\n"example.test/beta"\n"example.test/gamma"\n)\n'
    files = {
        "go.mod": MOD + requires,
        "main.go": source,
        "vendor/example.test/beta/b.go": "package beta\n",
        "vendor/example.test/gamma/g.go": "package gamma\n",
    }
    found = answers(files)
    assert found["EX-whole"].state is State.IMPORTED
    assert found["EX-inner"].state is State.UNKNOWN
    assert "nobody else can call" in found["EX-inner"].reason
    assert found["EX-std"].state is State.UNKNOWN
    other = 'package main\nimport "net/mail"\nvar _ mail.Address\n'
    assert answers(files | {"mail.go": other})["EX-std"].state is State.UNKNOWN
    mail = 'package main\nimport "net/mail"\nvar _ = mail.ParseAddress\n'
    assert answers(files | {"mail.go": mail})["EX-std"].state is State.REFERENCED


CARGO = '[package]\nname = "app"\nversion = "0.1.0"\n[dependencies]\nalpha = "1"\n'
LOCK = """\
version = 3

[[package]]
name = "alpha"
version = "1.0.0"
source = "registry+https://registry.example.test/index"

[[package]]
name = "app"
version = "0.1.0"
dependencies = ["alpha", "beta-rs"]

[[package]]
name = "beta-rs"
version = "1.0.0"
source = "registry+https://registry.example.test/index"
"""


def crates(main: str, alpha: str = "pub fn clean() {}\n") -> dict[str, str]:
    return {
        "Cargo.toml": CARGO,
        "Cargo.lock": LOCK,
        "src/main.rs": main,
        "vendor/alpha/Cargo.toml": '[package]\nname = "alpha"\nversion = "1.0.0"\n',
        "vendor/alpha/src/lib.rs": alpha,
        "vendor/beta-rs/Cargo.toml": '[package]\nname = "beta-rs"\n[lib]\nname = "beta"\n',
        "vendor/beta-rs/src/lib.rs": "",
    }


@pytest.mark.parametrize(
    ("main", "state"),
    [
        ("fn main() { alpha::clean(); }", State.REFERENCED),
        ("use alpha::{clean as wipe};", State.REFERENCED),
        ("macro!(alpha::clean(1));", State.REFERENCED),
        ("use alpha::other;", State.UNREFERENCED),
        (
            'use alpha::other; /* /* clean */ clean */ const S: &str = r#"clean "x"#;',
            State.UNREFERENCED,
        ),
        ("fn main() {} // alpha", State.UNIMPORTED),
    ],
)
def test_rust_functions_are_found_by_name(answers: Answers, main: str, state: State) -> None:
    assert answers(crates(main))["EX-clean"].state is state


@pytest.mark.parametrize(
    ("main", "state"),
    [
        ("use alpha::Reader; fn f(r: Reader) { r.next_row(); }", State.REFERENCED),
        ("use alpha::Reader as Input; fn f() { Input::next_row(x); }", State.REFERENCED),
        ("use alpha::Reader; fn f() { Other::next_row(x); }", State.UNREFERENCED),
        ("use alpha::Reader; fn next_row() {}", State.UNREFERENCED),
    ],
)
def test_rust_methods_are_found_by_type_or_dot(answers: Answers, main: str, state: State) -> None:
    assert answers(crates(main))["EX-next"].state is state


def test_rust_functions_that_the_crate_itself_uses_are_unknown(answers: Answers) -> None:
    alpha = "pub fn clean() {}\npub fn all() { clean() }\n"
    found = answers(crates("use alpha::all;", alpha))["EX-clean"]
    assert found.state is State.UNKNOWN
    assert "alpha@1.0.0/src/lib.rs:2" in found.reason


def test_rust_libraries_with_names_of_their_own_are_followed(answers: Answers) -> None:
    assert answers(crates("use beta::all;"))["EX-plain"].state is State.IMPORTED
    assert answers(crates("use beta_rs::all;"))["EX-plain"].state is State.UNIMPORTED


def test_rust_names_in_macros_of_others_are_unknown(answers: Answers) -> None:
    macro = "macro_rules! go { () => { ::beta::all() } }\n"
    found = answers(crates("use alpha::go; go!();", macro))["EX-plain"]
    assert found.state is State.UNKNOWN
    assert "alpha@1.0.0/src/lib.rs:1: ::beta::" in found.reason


def test_rust_names_given_in_one_crate_of_a_workspace_are_not_those_of_all(
    answers: Answers,
) -> None:
    files = crates("use alpha::clean;")
    renamed = '[package]\nname = "app"\n[dependencies]\nother = { package = "alpha" }\n'
    found = answers(files | {"second/Cargo.toml": renamed, "second/src/lib.rs": ""})
    assert found["EX-clean"].state is State.REFERENCED
    assert answers(files | {"src/main.rs": "use other::clean;"})["EX-clean"].state is (
        State.REFERENCED
    )


def test_rust_modules_called_tests_or_target_are_code(answers: Answers) -> None:
    files = crates("mod target;")
    assert answers(files)["EX-clean"].state is State.UNIMPORTED
    assert answers(files | {"src/target/mod.rs": "use alpha::clean;"})["EX-clean"].state is (
        State.REFERENCED
    )
    files = crates("use beta::x;") | {"vendor/beta-rs/src/tests/mod.rs": "use alpha::clean;"}
    locked = LOCK.replace('name = "beta-rs"\n', 'name = "beta-rs"\ndependencies = ["alpha"]\n')
    found = answers(files | {"Cargo.lock": locked})["EX-clean"]
    assert found.state is State.REFERENCED


def test_rust_sources_that_are_absent_leave_it_unknown(answers: Answers) -> None:
    files = {path: text for path, text in crates("use alpha::x;").items() if "alpha" not in path}
    assert answers(files)["EX-clean"].state is State.UNKNOWN


def test_other_ecosystems_are_unknown(answers: Answers) -> None:
    lock = (
        '{"name": "app", "lockfileVersion": 3, "packages": {"": {"dependencies": {"alpha": "1"}},'
        ' "node_modules/alpha": {"version": "1.0.0"}}}'
    )
    found = answers({"package-lock.json": lock})["EX-npm"]
    assert (found.state, found.reason) == (State.UNKNOWN, "imports of npm packages are not read")


@pytest.mark.parametrize("language", [tokens.go, tokens.rust])
def test_hostile_sources_are_survived_in_linear_time(language: Callable[[str], object]) -> None:
    for text in ("/*" * 200_000, '"' * 200_001, "'" * 200_001, "`", 'r#"' * 50_000, "/" * 200_000):
        assert isinstance(list(language(text)), list)  # type: ignore[call-overload]
    seeded = random.Random(3)
    for _ in range(200):
        text = "".join(chr(seeded.randrange(1, 300)) for _ in range(200))
        assert all(token.text in text or "#" in text for token in language(text))  # type: ignore[attr-defined]
