"""Every command is given files that are absent, broken or of another kind, and wrong options.

What has to hold of all of them: no traceback and no exit code 70; what could not be read is never
clean; wrong usage is one line on standard error and nothing on standard output; what claims to be
JSON is JSON.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from pratique.surfaces.cli import main
from pratique.surfaces.cli.app import COMMANDS, GROUPS, load

if TYPE_CHECKING:
    from collections.abc import Iterator

ABSENT, FOLDER, BINARY, EMPTY, CUT = "absent", "folder", "binary", "empty", "cut"
KINDS = (ABSENT, FOLDER, BINARY, EMPTY, CUT)

ANY_FILE = (BINARY, EMPTY, CUT)
"""What is rightly taken where any file will do: bytes to sign, to publish."""


class Form(NamedTuple):
    """One way to call a command with a bad file."""

    words: str
    """``{bad}`` is the file, ``{new}`` does not exist; ``{key}``, ``{cdx}`` … are good ones."""

    taken: tuple[str, ...] = ()
    """Kinds that are no mistake here."""


def form(words: str, *taken: str) -> Form:
    return Form(words, taken)


SIGN = "--key {key} --output {new}"

FORMS: dict[str, tuple[Form, ...]] = {
    "check": (
        form("--offline {bad}"),
        form("--offline pkg:pypi/alpha@1.0.0 --vex {bad}"),
        form("--offline pkg:pypi/alpha@1.0.0 --policy {bad}"),
        form("--offline pkg:pypi/alpha@1.0.0 --waivers {bad}"),
        form("--offline pkg:pypi/alpha@1.0.0 --vex {vex} --vex-signed --vex-key {bad}"),
        form("--offline pkg:pypi/alpha@1.0.0 --advisories {bad}"),
    ),
    "reach": (form("{bad}"),),
    "fix": (form("{bad}"),),
    "explain": (form("EX-1 --advisories {bad}"),),
    "verify": (
        form("{bad} --offline"),
        form("{file} --offline --bundle {bad}"),
        form("{file} --offline --bundle {att} --key {bad}"),
        form("{file} --offline --bundle {att} --key {pub} --trusted-root {bad}"),
        form("{file} --offline --evidence {bad}"),
        form("{file} --offline --allowed-signers {bad}"),
        form("{file} --offline --keyring {bad}"),
        form("{file} --offline --expectations {bad} --package pkg:generic/alpha"),
    ),
    "verify-layout": (form("{bad}"), form("{bad} --key {pub}")),
    "expectations import": (form("{bad}"),),
    "trust import": (form("{bad}"),),
    "attest keygen": (form("{new} --passphrase-file {bad}", BINARY, CUT),),
    "attest public-key": (form("--key {bad}"),),
    "attest build": (
        form(f"{SIGN} --directory {{bad}} -- true"),
        form("--key {bad} -o {new} -- true"),
    ),
    "attest file": (
        form(f"{{bad}} {SIGN} --predicate {{json}} --type https://example.test/type", *ANY_FILE),
        form(f"{{file}} {SIGN} --predicate {{bad}} --type https://example.test/type"),
        form("{file} --key {bad} -o {new} --predicate {json} --type https://example.test/type"),
    ),
    "attest sbom": (form(f"{{file}} {SIGN} --sbom {{bad}}"),),
    "attest vex": (form(f"{{file}} {SIGN} --vex {{bad}}"),),
    "attest test": (
        form(f"{{bad}} {SIGN} --passed one", *ANY_FILE),
        form(f"{{file}} {SIGN} --junit {{bad}}"),
    ),
    "attest scan": (form(f"{{file}} {SIGN} --bill {{bad}}"),),
    "attest model": (form(f"{{bad}} {SIGN}"),),
    "attest vsa": (
        form(
            "{file} --offline --bundle {bad} --key {pub} -K {key} -o {new} --verifier-id https://example.test/v"
            " --resource-uri https://example.test/r --policy-uri https://example.test/p"
        ),
    ),
    "vex create": (form("pkg:oci/alpha CVE-2024-0001 fixed -o {bad}/out.json", FOLDER),),
    "vex add": (form("{bad} pkg:oci/alpha CVE-2024-0001 fixed"),),
    "vex merge": (form("{bad}"), form("{vex} {bad}")),
    "vex filter": (form("{bad} {vex}"), form("{sarif} {bad}")),
    "vex attest": (form(f"{{file}} {SIGN} --vex {{bad}}"),),
    "vex generate": (form("pkg:oci/alpha@1 --templates {bad}"),),
    "vex validate": (form("{bad}"),),
    "vex convert": (form("{bad} --to csaf"),),
    "sbom generate": (form("{bad}"),),
    "sbom convert": (form("{bad} --to spdx-json"),),
    "sbom validate": (form("{bad}"),),
    "sbom score": (form("{bad}"),),
    "sbom diff": (form("{bad} {cdx}"), form("{cdx} {bad}")),
    "sbom merge": (form("{cdx} {bad} --name all"),),
    "sbom tree": (form("{bad}"),),
    "sbom query": (form("{bad} alpha"),),
    "sbom leaves": (form("{bad}"),),
    "sbom models": (form("{bad}", FOLDER),),
    "sbom enrich": (form("{bad} --offline --skip npm"),),
    "sbom redact": (form("{bad} --remove paths"),),
    "sbom sign": (
        form(f"{{bad}} -a {{file}} {SIGN}"),
        form("{cdx} -a {file} --key {bad} -o {new}"),
    ),
    "sbom verify": (
        form("{bad} -a {file} --key {pub}"),
        form("{cdx} -a {file} -b {bad} --key {pub}"),
    ),
    "sbomit build": (form("{bad} --key {pub} --name alpha --version 1 -o {new}"),),
    "sbomit mutate": (form("{bad} --key {pub} --patch {json} -o {new}"),),
    "sbomit generate": (form("{bad} --key {pub} -K {key} -o {new}"),),
    "sbomit verify": (form("{bad} --key {pub}"),),
    "policy test": (form("{bad}"),),
    "policy explain": (form("{bad}"),),
    "policy diff": (form("{bad} baseline"), form("baseline strict --facts {bad}")),
    "policy lint": (form("{bad}"), form("baseline --waivers {bad}")),
    "policy decide": (form("{bad} {json}"), form("baseline {bad}")),
    "policy replay": (form("{bad}"),),
    "policy waivers": (form("{bad}"),),
    "gate serve": (
        form("--policy {bad} --data {new}"),
        form("--policy baseline --data {new} --waivers {bad}"),
    ),
    "gate log": (form("--data {bad}"),),
    "gate verify": (form("--data {bad}"),),
    "gate why": (form("pkg:npm/alpha --data {bad}"),),
    "gate approvals": (form("list --data {bad}", FOLDER),),
    "gate quarantine": (form("list --data {bad}", FOLDER),),
    "gate token": (form("list --data {bad}", FOLDER),),
    "lint-config": (form("{bad}"), form("{folder} --waivers {bad}")),
    "repository keygen": (form("{new} --passphrase-file {bad}", CUT),),
    "repository init": (form("{new} --root-key {bad} --threshold 1 --online-key {key}"),),
    "repository sign": (form("{bad} --key {key}"),),
    "repository rotate": (form("{bad} --online-key {key} --key {key}"),),
    "repository add": (form("{bad} {file}"),),
    "repository remove": (form("{bad} alpha"),),
    "repository publish": (form("{bad}"),),
    "repository bump": (form("{bad}"),),
    "repository prune": (form("{bad}"),),
    "repository verify": (form("{bad}"),),
    "repository status": (form("{bad}"),),
    "repository serve": (form("{folder} --online-key {bad}"),),
    "repository keyref": (form("{new}.keyref --uri awskms:alias/alpha --public {bad}"),),
    "repository refresh": (form("--url http://127.0.0.1:9/ --metadata-dir {new} --root {bad}"),),
    "repository get": (form("alpha --url http://127.0.0.1:9/ --metadata-dir {new} --root {bad}"),),
    "ingest": (form("{bad}", FOLDER, BINARY, CUT),),
    "audit": (form("--policy {bad}"), form("--waivers {bad}")),
    "affected": (form("EX-1 --advisories {bad}"),),
    "dependents": (form("--from {bad}"),),
    "dependencies": (form("--from {bad}"),),
    "snapshot": (form("--to {bad}/below", FOLDER, ABSENT),),
    "triage apply": (form("{bad}"),),
    "rematch": (form("--notify {bad}"),),
    "watch": (form("--notify {bad}"),),
    "notify test": (form("--notify {bad}"),),
    "notify status": (form("--notify {bad}"),),
    "notify retry": (form("--notify {bad}"),),
    "record serve": (form("--advisories {bad}"), form("--tokens {bad}")),
    "record token": (form("alpha --tokens {bad}", ABSENT, EMPTY),),
    "advisories build": (form("{bad}"),),
    "advisories local": (form("--offline --local acme={bad}/below"),),
    "advisories export": (form("{new} --key {bad}"),),
    "advisories import": (form("{bad} --key {pub}"), form("{file} --key {bad}")),
    "advisories lint": (form("{bad}"),),
    "advisories exploitation": (form("--kev {bad}"), form("--epss {bad}")),
    "advisories update": (form("--from {bad}"),),
    "serve": (form("--data {bad}"), form("--libraries {bad}")),
    "products": (form("--store sqlite:///{bad}"),),
}
"""Forms of every command that reads a file or folder that the user names."""

WITHOUT_A_FILE = {
    "formats", "advisories status", "expectations list", "expectations forget",
    "expectations export", "vex list", "policy init", "trust update", "trust status",
    "trust export", "trust forget", "rebuild", "why", "known", "diff", "history", "patch", "top",
    "bad", "trends", "certify", "contact", "triage set", "triage list", "triage history",
    "triage export", "events list", "gate canary", "gate setup", "completion",
}  # fmt: skip
"""Commands that name no file to read."""


class Good(NamedTuple):
    """Files that are what they should be."""

    names: dict[str, str]

    @classmethod
    def make(cls, folder: Path) -> Good:
        names = {
            "key": "key.pem", "pub": "key.pem.pub", "vex": "alpha.vex.json", "json": "facts.json",
            "cdx": "alpha.cdx.json", "sarif": "alpha.sarif", "file": "alpha.tgz",
            "att": "alpha.att.json", "folder": "nothing",
        }  # fmt: skip
        one = {word: str(folder / name) for word, name in names.items()}
        Path(one["folder"]).mkdir()
        Path(one["file"]).write_bytes(b"alpha")
        Path(one["json"]).write_text('{"subject": "pkg:npm/alpha@1.0.0"}')
        Path(one["sarif"]).write_text('{"version": "2.1.0", "runs": []}')
        component = {"type": "library", "name": "alpha", "purl": "pkg:npm/alpha@1.0.0"}
        bill = {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [component]}
        Path(one["cdx"]).write_text(json.dumps(bill))
        for words in (
            "attest keygen {key} --no-passphrase",
            "vex create pkg:oci/alpha CVE-2024-0001 fixed -o {vex}",
            "attest file {file} -K {key} -o {att} --predicate {json} --type https://example.test/a",
            "ingest {cdx}",
        ):
            assert main(shlex.split(words.format(**one))) == 0
        return cls(one)


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Good]]:
    """A data folder with a record, good files, and a current folder that may be written to."""
    folder = tmp_path_factory.mktemp("bad-input")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRATIQUE_DATA", str(folder / "data"))
        for name in ("PRATIQUE_STORE", "PRATIQUE_NOTIFY", "PRATIQUE_KEY_PASSPHRASE"):
            patch.delenv(name, raising=False)
        patch.chdir(folder)
        (folder / "good").mkdir()
        yield folder, Good.make(folder / "good")


def spoiled(kind: str, place: Path) -> str:
    """A file of a kind that is wrong."""
    if kind == FOLDER:
        place.mkdir()
    elif kind != ABSENT:
        content = {BINARY: bytes(range(256)) * 8, EMPTY: b"", CUT: b'{"alpha": [1, {"beta": "ga'}
        place.write_bytes(content[kind])
    return str(place)


CASES = [
    pytest.param(name, one, kind, id=f"{name.replace(' ', '-')}-{number}-{kind}")
    for name, forms in FORMS.items()
    for number, one in enumerate(forms)
    for kind in KINDS
]


@pytest.mark.parametrize(("name", "one", "kind"), CASES)
def test_a_bad_file_is_told_and_never_clean(
    name: str,
    one: Form,
    kind: str,
    surroundings: tuple[Path, Good],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    _, good = surroundings
    bad = spoiled(kind, tmp_path / "bad")
    words = shlex.split(one.words.format(bad=bad, new=tmp_path / "new", **good.names))
    code = main([*name.split(), *words])
    out, err = capfd.readouterr()
    assert code in {0, 1, 2, 3, 4}, err
    assert "Traceback" not in out + err
    if kind not in one.taken:
        assert code != 0, f"{bad} was taken: {out}"
    if code != 0:
        assert out or err, "it fails without a word"
    if code in {2, 4}:
        assert out == ""
        assert err.startswith("pratique: ")
        assert err.count("\n") == 1
        assert "[Errno" not in err


NOT_READ = {
    "verify": "--expectations", "advisories import": "--key {bad}", "advisories export": "--key",
}  # fmt: skip
"""Options whose file is made where it is absent, or is read after what is wrong there."""


@pytest.mark.parametrize(
    ("name", "one"),
    [
        pytest.param(name, one, id=f"{name.replace(' ', '-')}-{number}")
        for name, forms in FORMS.items()
        for number, one in enumerate(forms)
        if "sqlite:" not in one.words  # no path, but an address
        and "{bad}/" not in one.words
        and ABSENT not in one.taken
        and NOT_READ.get(name, "\n") not in one.words
    ],
)
def test_a_path_that_was_typed_and_is_absent_is_wrong_usage(
    name: str,
    one: Form,
    surroundings: tuple[Path, Good],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    _, good = surroundings
    bad = str(tmp_path / "absent-file")
    words = shlex.split(one.words.format(bad=bad, new=tmp_path / "new", **good.names))
    assert main([*name.split(), *words]) == 2
    assert "absent-file" in capfd.readouterr().err, "it is not said which"


@pytest.mark.parametrize(
    "command", ["vex merge {vex}", "vex filter {sarif}", "check --offline {cdx} --vex"]
)
def test_a_folder_without_vex_is_not_taken_in_silence(
    command: str,
    surroundings: tuple[Path, Good],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    _, good = surroundings
    words = shlex.split(command.format(**good.names))
    assert main([*words, str(tmp_path)]) == 3
    out, err = capfd.readouterr()
    assert "has no file of VEX" in out + err


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("gate serve --policy baseline --data {new} --lists", " \n"),
        ("record serve --tokens", "# nothing yet\n"),
    ],
    ids=["gate", "record"],
)
def test_an_empty_list_that_was_named_is_wrong_usage(
    command: str,
    text: str,
    surroundings: tuple[Path, Good],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    del surroundings
    empty = tmp_path / "empty"
    empty.write_text(text)
    words = shlex.split(command.format(new=tmp_path / "new"))
    assert main([*words, str(empty)]) == 2
    assert f"{empty}" in capfd.readouterr().err


def test_every_command_is_among_them() -> None:
    assert set(FORMS) | WITHOUT_A_FILE == set(COMMANDS)
    assert not set(FORMS) & WITHOUT_A_FILE


@pytest.mark.parametrize("name", COMMANDS)
def test_a_wrong_option_is_one_line_that_says_where_help_is(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    parser, _ = load(name)
    needed = [one for one in parser._actions if not one.option_strings and one.nargs is None]
    words = [*name.split(), *("list" if one.choices else "alpha" for one in needed)]
    code = main([*words, "--no-such-option"])
    captured = capsys.readouterr()
    assert code == 2
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "--help'" in captured.err


@pytest.mark.parametrize("group", GROUPS)
def test_a_misspelt_subcommand_is_guessed(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    right = next(name.split()[1] for name in COMMANDS if name.startswith(f"{group} "))
    assert main([group, f"{right}x"]) == 2
    assert f"Did you mean '{right}'?" in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_a_narrow_terminal(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Examples are not broken: they are there to be copied; nor are long words of the usage."""
    monkeypatch.setenv("COLUMNS", "60")
    assert main([*name.split(), "--help"]) == 0
    text = re.split(r"^(?:examples?:|exit codes)", capsys.readouterr().out, flags=re.MULTILINE)[0]
    wide = [
        line
        for line in text.splitlines()
        if len(line.strip()) > 60 and max(map(len, line.split())) < 30
    ]
    assert not wide


JSON = (
    "formats", "advisories status", "policy explain", "products", "top", "bad", "triage list",
    "triage history", "events list", "notify status", "audit", "rematch",
)  # fmt: skip
"""Commands that print JSON without being given anything."""


@pytest.mark.parametrize("name", JSON)
def test_json_is_json(
    name: str, surroundings: tuple[Path, Good], capfd: pytest.CaptureFixture[str]
) -> None:
    main([*name.split(), "--format", "json"])
    out, err = capfd.readouterr()
    assert json.loads(out), err
