"""Resolvers that do nothing, do harm or lie: nothing they say is believed unchecked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from pratique.advisories import Index
from pratique.remediation.plan import Status
from pratique.remediation.service import Fixed, Mode, Order, fix
from pratique.remediation.trying import Terms

Tree = Callable[[dict[str, str]], Path]
SOURCE = 'source = "registry+https://index.example.test"\n'


def locked(*packages: tuple[str, str]) -> str:
    entries = (
        f'[[package]]\nname = "{name}"\nversion = "{version}"\n{SOURCE}'
        for name, version in packages
    )
    return "version = 3\n\n" + "\n".join(entries)


OLD = locked(("alpha", "1.0.0"))
MANIFEST = '[package]\nname = "ship"\nversion = "1.0.0"\n\n[dependencies]\nalpha = "=1.0.0"\n'


@pytest.fixture
def with_cargo(
    tmp_path: Path, tree: Tree, index: Index, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], tuple[Fixed, Path]]:
    """Apply a fix where ``cargo`` is a program of the test."""

    def run(script: str) -> tuple[Fixed, Path]:
        programs = tmp_path / "bin"
        programs.mkdir()
        (programs / "cargo").write_text(f"#!/bin/sh\n{script}\n")
        (programs / "cargo").chmod(0o755)
        monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
        folder = tree({"Cargo.lock": OLD, "Cargo.toml": MANIFEST})
        order = Order(subject=folder, mode=Mode.APPLY, terms=Terms(now=now))
        return fix(order, index), folder

    return run


def writing(text: str) -> str:
    return f"cat > Cargo.lock <<'END'\n{text}END"


def test_one_that_does_nothing_fixes_nothing(with_cargo) -> None:
    done, folder = with_cargo("exit 0")
    assert not done.plan.upgrades
    assert "alpha 1.0.0 is still there" in done.plan.remaining[0].reason
    assert not done.plan.applied
    assert (folder / "Cargo.toml").read_text() == MANIFEST, "the manifest went back too"


def test_one_that_goes_to_a_version_with_the_same_vulnerability(with_cargo) -> None:
    done, folder = with_cargo(writing(locked(("alpha", "1.1.0"))))
    assert not done.plan.upgrades
    assert "still has EX-12" in done.plan.remaining[0].reason
    assert (folder / "Cargo.lock").read_text() == OLD


def test_one_that_brings_in_another_vulnerability(with_cargo) -> None:
    done, folder = with_cargo(writing(locked(("alpha", "1.2.0"), ("omega", "0.1.0"))))
    assert not done.plan.upgrades
    assert "would bring in EX-15" in done.plan.remaining[0].reason
    assert (folder / "Cargo.lock").read_text() == OLD


def test_what_comes_in_is_upgraded_too_where_that_is_possible(with_cargo) -> None:
    # The first call brings in an old beta; asked for a newer one, it gives that.
    script = (
        'case "$*" in *beta*) ' + writing(locked(("alpha", "1.2.0"), ("beta", "2.0.0"))) + "\n;; *) "
        + writing(locked(("alpha", "1.2.0"), ("beta", "1.0.0"))) + "\n;; esac"
    )  # fmt: skip
    done, folder = with_cargo(script)
    (one,) = done.plan.upgrades[0].occurrences
    assert one.status is Status.PROVEN
    assert one.note == "with beta to 2.0.0, which it would bring in older"
    assert not done.after.findings
    assert 'version = "2.0.0"' in (folder / "Cargo.lock").read_text()


def test_one_that_breaks_the_lockfile(with_cargo) -> None:
    done, folder = with_cargo("printf 'version = [' > Cargo.lock")
    assert not done.plan.upgrades
    assert "cannot be checked" in done.plan.remaining[0].reason
    assert (folder / "Cargo.lock").read_text() == OLD


def test_one_that_removes_the_lockfile(with_cargo) -> None:
    done, folder = with_cargo("rm -f Cargo.lock")
    assert not done.plan.upgrades
    assert (folder / "Cargo.lock").read_text() == OLD


def test_one_that_makes_half_of_it_unreadable(with_cargo) -> None:
    text = locked(("alpha", "1.2.0")) + '\n[[package]]\nname = 1\nversion = "1.0.0"\n'
    done, _ = with_cargo(writing(text))
    assert not done.plan.upgrades, "what cannot be read would look as if it were gone"


def test_an_honest_one(with_cargo) -> None:
    done, folder = with_cargo(writing(locked(("alpha", "1.2.0"))))
    (one,) = done.plan.upgrades[0].occurrences
    assert (one.status, str(one.strategy)) == (Status.PROVEN, "relax")
    assert done.plan.applied
    assert 'alpha = "=1.2.0"' in (folder / "Cargo.toml").read_text()


def test_the_newest_is_taken_where_no_advisory_names_a_fixed_version(
    tmp_path: Path, tree: Tree, index: Index, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "cargo").write_text(
        f"#!/bin/sh\necho $* >> {tmp_path}/asked\n" + writing(locked(("sigma", "1.5.0"))) + "\n"
    )
    (programs / "cargo").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    folder = tree({"Cargo.lock": locked(("sigma", "1.0.0")), "Cargo.toml": MANIFEST})
    done = fix(Order(subject=folder, mode=Mode.APPLY, terms=Terms(now=now)), index)
    (one,) = done.plan.upgrades
    assert (one.after, one.occurrences[0].note) == ("", "sigma went to 1.5.0")
    assert (tmp_path / "asked").read_text() == "update -p sigma@1.0.0\n"
    assert not done.after.findings


def test_one_upgrade_that_stays_away_does_not_hold_up_the_others(
    tmp_path: Path, tree: Tree, index: Index, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    new = locked(("alpha", "1.2.0"), ("beta", "1.0.0"), ("gamma", "1.1.0"))
    (programs / "cargo").write_text(f"#!/bin/sh\n{writing(new)}\n")
    (programs / "cargo").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    old = locked(("alpha", "1.0.0"), ("beta", "1.0.0"), ("gamma", "1.0.0"))
    manifest = '[package]\nname = "ship"\nversion = "1.0.0"\n'
    folder = tree({"Cargo.lock": old, "Cargo.toml": manifest})
    done = fix(Order(subject=folder, mode=Mode.APPLY, terms=Terms(now=now)), index)
    assert {one.name for one in done.plan.upgrades} == {"alpha", "gamma"}
    assert [one.subject for one in done.plan.remaining] == ["pkg:cargo/beta@1.0.0"]
    assert "beta 1.0.0 is still there" in done.plan.remaining[0].reason
    assert (folder / "Cargo.lock").read_text() == new
