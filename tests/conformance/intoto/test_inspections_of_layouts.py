"""Inspections (in-toto 1.0, section 5.2, step 7): run in a sandbox, judged as in-toto judges them."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pratique.model.errors import InputError
from pratique.provenance import inspections
from pratique.provenance.errors import UnsupportedEvidenceError, VerificationError
from pratique.provenance.functionaries import Functionary
from pratique.provenance.supply_chain import ChainResult, verify_chain
from pratique.surfaces.cli.app import dispatch

NOW = datetime(2025, 6, 1, tzinfo=UTC)
PRODUCT = b"the product"
MATCH = ["MATCH", "a.tar", "WITH", "PRODUCTS", "FROM", "pack"]

needs_sandbox = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bwrap is not installed")


class Yard:
    """A chain whose last product is really there, in a folder of its own."""

    def __init__(self, chain: Any, intoto: Any, folder: Path) -> None:
        self.chain, self.folder = chain, folder / "product"
        self.folder.mkdir()
        (self.folder / "a.tar").write_bytes(PRODUCT)
        link = intoto.new_link("pack", {"a.py": "1"}, {"a.py": "1"})
        link["products"]["a.tar"] = {"sha256": hashlib.sha256(PRODUCT).hexdigest()}
        chain.put(chain.packer, link)

    def inspect(self, run: list[str], materials: list = (), products: list = ()) -> None:
        self.chain.signed["inspect"].append(
            {
                "_type": "inspection",
                "name": f"look{len(self.chain.signed['inspect'])}",
                "run": run,
                "expected_materials": list(materials),
                "expected_products": list(products),
            }
        )

    def verified(self, folder: Path | None = None, **more: Any) -> ChainResult:
        owners = [Functionary(self.chain.owner.public)]
        inspect = folder or self.folder
        return verify_chain(
            self.chain.layout(), owners, self.chain.folder, NOW, inspect=inspect, **more
        )

    def oracle(self, folder: Path) -> bool:
        """Whether in-toto's own verifier accepts, in a copy of the folder."""
        verifylib = pytest.importorskip("in_toto.verifylib")
        from in_toto.models.metadata import Metadata

        path = self.chain.folder / "root.layout"
        path.write_bytes(self.chain.layout())
        shutil.copytree(self.folder, folder)
        before = Path.cwd()
        os.chdir(folder)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of a library of in-toto's
                verifylib.in_toto_verify(
                    Metadata.load(str(path)),
                    {self.chain.owner.id: self.chain.owner.key},
                    str(self.chain.folder),
                )
        except Exception:  # noqa: BLE001 - its errors have no common base
            return False
        finally:
            os.chdir(before)
        return True


@pytest.fixture
def yard(chain: Any, intoto: Any, tmp_path: Path) -> Yard:
    return Yard(chain, intoto, tmp_path)


CASES: dict[str, tuple[list[tuple[list[str], list, list]], bool]] = {
    "what was packed is what is here": ([(["true"], [MATCH, ["DISALLOW", "*"]], [])], True),
    "a command that makes a file": (
        [(["touch", "new"], [MATCH], [["CREATE", "new"], ["ALLOW", "a.tar"], ["DISALLOW", "*"]])],
        True,
    ),
    "a file that no rule allows": (
        [(["touch", "new"], [MATCH], [["ALLOW", "a.tar"], ["DISALLOW", "*"]])],
        False,
    ),
    "a command that fails": ([(["false"], [], [])], False),
    "a command that is not there": ([(["no-such-command-here"], [], [])], False),
    "one that needs what the other made": (
        [
            (["cp", "a.tar", "b.tar"], [], [["CREATE", "b.tar"]]),
            (["test", "-f", "b.tar"], [["REQUIRE", "b.tar"]], []),
        ],
        True,
    ),
    "one that asks for the product of another": (
        [
            (["cp", "a.tar", "b.tar"], [], []),
            (
                ["rm", "b.tar"],
                [["MATCH", "b.tar", "WITH", "PRODUCTS", "FROM", "look0"], ["ALLOW", "a.tar"]],
                [["DELETE", "b.tar"]],
            ),
        ],
        True,
    ),
    "a file that must be there": ([(["true"], [["REQUIRE", "b.tar"]], [])], False),
}


@needs_sandbox
@pytest.mark.parametrize(("given", "holds"), CASES.values(), ids=CASES)
def test_verdicts_are_those_of_in_toto(yard: Yard, given, holds: bool, tmp_path: Path) -> None:
    for one in given:
        yard.inspect(*one)
    if holds:
        found = yard.verified()
        assert found.inspected == tuple(f"look{number}" for number in range(len(given)))
        assert found.inspections == ()
    else:
        with pytest.raises(VerificationError, match="inspection look0"):
            yard.verified()
    assert yard.oracle(tmp_path / "copy") is holds
    assert sorted(path.name for path in yard.folder.iterdir()) == ["a.tar"]  # never touched


@needs_sandbox
def test_another_product_than_was_packed_fails(yard: Yard, tmp_path: Path) -> None:
    yard.inspect(["true"], [MATCH, ["DISALLOW", "*"]])
    (yard.folder / "a.tar").write_bytes(b"another product")
    with pytest.raises(VerificationError, match="its materials break the rule DISALLOW"):
        yard.verified()
    assert not yard.oracle(tmp_path / "copy")


@needs_sandbox
def test_the_sandbox_has_not_the_users_files_and_environment(
    yard: Yard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    monkeypatch.setenv("PRATIQUE_KEY_PASSPHRASE", "secret")
    for command in (
        f"test ! -e {secret}",
        f"! touch {tmp_path}/trap",
        'test -z "$PRATIQUE_KEY_PASSPHRASE"',
    ):
        yard.chain.signed["inspect"] = []
        yard.inspect(["sh", "-c", command])
        assert yard.verified().inspected == ("look0",), command
    assert not (tmp_path / "trap").exists()


@needs_sandbox
@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_the_sandbox_has_no_network(yard: Yard) -> None:
    """Not even the machine's own: what connects outside does not inside."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        connect = f"exec 3<>/dev/tcp/127.0.0.1/{server.getsockname()[1]}"
        subprocess.run(["bash", "-c", connect], check=True)
        yard.inspect(["bash", "-c", connect])
        with pytest.raises(VerificationError, match="its command failed"):
            yard.verified()
        yard.chain.signed["inspect"] = []
        yard.inspect(["bash", "-c", "true"])
        assert yard.verified().inspected == ("look0",)


@needs_sandbox
def test_a_name_of_a_parameter_is_put_in(yard: Yard) -> None:
    yard.inspect(["test", "-f", "{FILE}"], [["REQUIRE", "{FILE}"]])
    assert yard.verified(parameters={"FILE": "a.tar"}).inspected == ("look0",)
    with pytest.raises(VerificationError, match="its command failed"):
        yard.verified(parameters={"FILE": "b.tar"})


@needs_sandbox
def test_steps_that_do_not_hold_run_no_inspection(yard: Yard, tmp_path: Path) -> None:
    """The layout's own signature and the steps come first: nobody else's command is run."""
    yard.inspect(["touch", "new"])
    yard.chain.signed["steps"][0]["expected_products"] = [["DISALLOW", "*"]]
    called = []
    original = inspections.run_inspections
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inspections, "run_inspections", lambda *a: called.append(a) or original(*a))
        with pytest.raises(VerificationError, match="step write"):
            yard.verified()
        owners = [Functionary(yard.chain.writer.public)]
        with pytest.raises(VerificationError, match="not signed"):
            verify_chain(yard.chain.layout(), owners, yard.chain.folder, NOW, inspect=yard.folder)
    assert called == []


@needs_sandbox
def test_links_in_the_folder_are_refused(yard: Yard, tmp_path: Path) -> None:
    """No rule would see what is behind them."""
    yard.inspect(["true"])
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b").write_text("b")
    for name, target in (("file", "a.tar"), ("folder", tmp_path / "elsewhere"), ("gone", "x")):
        (yard.folder / name).symlink_to(target)
        with pytest.raises(InputError, match="not recorded"):
            yard.verified()
        (yard.folder / name).unlink()
    yard.chain.signed["inspect"] = []
    yard.inspect(["ln", "-s", "a.tar", "made"])
    with pytest.raises(InputError, match="not recorded"):
        yard.verified()


@needs_sandbox
def test_limits_of_the_folder(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    yard.inspect(["true"])
    (yard.folder / "b").write_text("b")
    monkeypatch.setattr(inspections, "MAX_FILES", 1)
    with pytest.raises(InputError, match="over 1 files"):
        yard.verified()
    monkeypatch.setattr(inspections, "MAX_FILES", 10)
    monkeypatch.setattr(inspections, "MAX_BYTES", 5)
    with pytest.raises(InputError, match="over 5 bytes"):
        yard.verified()


def test_without_a_sandbox_nothing_is_run(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    yard.inspect(["touch", "trap"])
    monkeypatch.setattr(inspections.sandbox, "available", lambda: "")
    with pytest.raises(UnsupportedEvidenceError, match="not installed"):
        yard.verified()
    assert not (yard.folder / "trap").exists()


@needs_sandbox
def test_the_command(yard: Yard, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    yard.inspect(["true"], [MATCH])
    layout, key = tmp_path / "root.layout", tmp_path / "owner.pub"
    layout.write_bytes(yard.chain.layout())
    key.write_bytes(
        yard.chain.owner.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    words = ["verify-layout", str(layout), "--key", str(key)]
    assert dispatch(words) == 3
    assert "--run-inspections runs them" in capsys.readouterr().out
    assert dispatch([*words, "--run-inspections", str(yard.folder)]) == 0
    out = capsys.readouterr().out
    assert "\u2713 inspection look0" in out
    assert "\u2713 verified" in out
    assert dispatch([*words, "--without-inspections"]) == 0
