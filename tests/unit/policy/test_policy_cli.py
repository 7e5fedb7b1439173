"""The commands: what they print, and the exit codes that scripts rely on."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from argparse import ArgumentParser

import pytest

from pratique.model.errors import InputError, PratiqueError, UsageError
from pratique.policy import cli
from pratique.policy.errors import PolicyError
from pratique.policy.library import PACKS

FINE = {
    "subject": "pkg:npm/alpha@1.0.0",
    "malicious": False,
    "vulnerabilities": [],
    "licenses": ["MIT"],
    "age_days": 90,
}
FLAWED = FINE | {"vulnerabilities": [{"id": "A-1", "severity": "critical", "kev": False}]}
WAIVER = """\
waivers:
  - id: w1
    subject: pkg:npm/alpha
    rule: A-1
    owner: team-a
    reason: it is not reached
    expires: 2027-01-31
    approver: ciso
"""


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs a command in a folder of its own: exit code, standard output and error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1798804800")  # 2027-01-01T12:00:00Z

    def call(name: str, *words: str, stdin: str = "") -> tuple[int, str, str]:
        command = getattr(cli, name)
        parser = ArgumentParser(prog=name)
        command.configure(parser)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = command.run(parser.parse_args(words))
        out, err = capsys.readouterr()
        return int(code), out, err

    call.folder = tmp_path
    return call


def test_decide_prints_every_reason_and_ends_with_findings(run) -> None:
    code, out, _ = run("decide", "baseline", "-", stdin=json.dumps(FLAWED))
    assert code == 1
    assert out.startswith("pkg:npm/alpha@1.0.0  DENY\n")
    assert "critical-vulnerability: critical vulnerability: A-1" in out
    assert "vulnerable: known vulnerabilities (critical): A-1" in out
    assert out.endswith("1 decided: 1 deny\n")


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([FINE], 0),
        ([{"subject": "pkg:npm/alpha@1"}], 3),
        ([FINE, {"subject": 1}], 3),
        ([FLAWED, {"subject": 1}], 1),
        ([], 3),
    ],
)
def test_exit_codes_of_decide(run, lines, code) -> None:
    text = "\n".join(map(json.dumps, lines)) or "[]"
    assert run("decide", "baseline", "-", stdin=text)[0] == code


def test_refused_facts_are_said_and_the_rest_is_decided(run) -> None:
    text = json.dumps(FINE) + "\n" + '{"subject": "pkg:npm/beta@1", "agedays": 3, "kev": true}\n'
    code, out, err = run("decide", "baseline", "-", "--format", "jsonl", stdin=text)
    assert code == 3
    assert json.loads(out)["verdict"] == "admit"
    assert "-:2:1: there is no fact 'agedays'" in err
    assert "no fact 'kev'" in err


def test_a_waiver_changes_the_decision_until_it_expires(run) -> None:
    (run.folder / "waivers.yaml").write_text(WAIVER)
    words = ("decide", "baseline", "-", "--waivers", "waivers.yaml")
    code, out, _ = run(*words, stdin=json.dumps(FLAWED))
    assert code == 0
    assert "deny (waived)" in out
    assert "set aside by w1" in out
    code, out, err = run(*words, "--at", "2027-02-01T00:00:00Z", stdin=json.dumps(FLAWED))
    assert code == 1
    assert "the waiver of A-1 for pkg:npm/alpha expired 0 days ago" in err


def test_a_record_is_replayed(run) -> None:
    record = run.folder / "record.jsonl"
    run(
        "decide", "baseline", "-", "--record", str(record), "--by", "gate", stdin=json.dumps(FLAWED)
    )
    assert run("replay", str(record)) == (0, "1 of 1 decisions are the same\n", "")
    code, out, _ = run("replay", str(record), "--policy", "observe")
    assert code == 1
    assert "verdict: was deny, is admit" in out
    record.write_text(record.read_text().replace('"verdict":"deny"', '"verdict":"admit"'))
    code, out, _ = run("replay", str(record), "--format", "json")
    assert code == 1
    assert json.loads(out)["decisions"][0]["differences"] == ["verdict: was admit, is deny"]
    record.write_text("oops\n")
    assert run("replay", str(record))[0] == 3
    record.write_text("")
    assert run("replay", str(record))[0] == 3


def test_a_record_is_never_overwritten(run) -> None:
    (run.folder / "record.jsonl").write_text("precious")
    with pytest.raises(UsageError, match="exists"):
        run("decide", "baseline", "-", "--record", "record.jsonl", stdin=json.dumps(FINE))
    assert (run.folder / "record.jsonl").read_text() == "precious"


@pytest.mark.parametrize("pack", PACKS)
def test_init_writes_a_policy_whose_tests_pass(run, pack) -> None:
    assert run("init", "own.yaml", "--extends", pack)[0] == 0
    code, out, _ = run("test", "own.yaml")
    assert code == 0
    assert out.endswith("tests passed\n")
    assert "own.yaml" in (run.folder / "own.yaml").read_text()
    with pytest.raises(UsageError, match="exists"):
        run("init", "own.yaml")


def test_failing_tests_are_listed_with_their_place(run) -> None:
    (run.folder / "own.yaml").write_text(
        "id: own\nrules:\n  - id: one\n    when: malicious\n    effect: deny\n    reason: so\n"
        "    tests:\n      - {facts: {malicious: true}, expect: no match}\n"
    )
    code, out, _ = run("test", "own.yaml")
    assert code == 1
    assert out.startswith("own.yaml:8:9: one: no match: gave match, not no match\n")
    with pytest.raises(PolicyError, match="gave match"):
        run("decide", "own.yaml", "-", stdin=json.dumps(FINE))


def test_every_defect_of_a_policy_is_said(run, capsys) -> None:
    (run.folder / "own.yaml").write_text("id: own\nrules:\n  - {id: one, wen: x, effect: no}\n")
    with pytest.raises(PolicyError) as caught:
        run("test", "own.yaml")
    said = capsys.readouterr().err
    assert said.count("own.yaml:3:") + 1 == len(caught.value.defects)
    assert caught.value.exit_code == 3


def test_a_file_may_extend_one_in_its_folder_and_no_other(run) -> None:
    inner = run.folder / "inner"
    inner.mkdir()
    rule = "rules: [{id: one, when: malicious, effect: deny, reason: so}]\n"
    (inner / "base.yaml").write_text("id: base\n" + rule)
    (run.folder / "outside.yaml").write_text("id: outside\n" + rule)
    (inner / "own.yaml").write_text("id: own\nextends: base.yaml\n")
    assert run("test", "inner/own.yaml")[0] == 0
    for name in ("../outside.yaml", str(run.folder / "outside.yaml"), "/dev/zero", "x" * 900):
        (inner / "own.yaml").write_text(f'id: own\nextends: "{name}"\n')
        with pytest.raises(PolicyError, match="no policy"):
            run("test", "inner/own.yaml")


def test_explain_names_packs_facts_and_rules(run) -> None:
    _, out, _ = run("explain")
    assert "s2c2f-level-4" in out
    assert "install_scripts" in out
    _, out, _ = run("explain", "baseline", "new-release")
    assert "age_days < 3.0" in out
    assert "S2C2F:ENF-2" in out
    _, out, _ = run("explain", "strict", "--format", "json")
    value = json.loads(out)
    assert value["schema"] == "urn:pratique:schema:policy:1"
    assert value["extends"] == ["baseline"]
    with pytest.raises(UsageError, match="no rule 'nothing'"):
        run("explain", "baseline", "nothing")


def test_diff_says_what_differs_in_rules_and_decisions(run) -> None:
    assert run("diff", "baseline", "baseline") == (0, "no difference\n", "")
    (run.folder / "facts.json").write_text(json.dumps([FINE, FLAWED]))
    code, out, _ = run("diff", "observe", "baseline", "--facts", "facts.json")
    assert code == 1
    assert "added critical-vulnerability" in out
    assert "changed malicious" in out
    assert "pkg:npm/alpha@1.0.0: admit → deny (critical-vulnerability)" in out
    code, out, _ = run("diff", "baseline", "observe", "--format", "json")
    changes = {one["rule"]: one for one in json.loads(out)["rules"]}
    assert changes["new-release"]["fields"]["effect"] == ["quarantine", "warn"]
    assert changes["yanked"]["change"] == "removed"


def test_lint_finds_what_is_likely_a_mistake(run) -> None:
    (run.folder / "own.yaml").write_text(
        "id: own\nrules:\n"
        "  - {id: a, when: yanked, effect: deny, on_unknown: ignore, reason: so}\n"
        "  - {id: b, when: yanked, effect: warn, reason: so, controls: [CWE-1]}\n"
        "  - {id: c, when: '1 == 1', effect: warn, reason: so}\n"
    )
    (run.folder / "waivers.yaml").write_text(
        WAIVER.replace("2027-01-31", "2030-01-01")
        + WAIVER.partition("\n")[2].replace("w1", "w2").replace("A-1", "nothing")
    )
    code, out, _ = run("lint", "own.yaml", "--waivers", "waivers.yaml", "--format", "json")
    assert code == 1
    found = {(one["rule"], one["message"].partition(":")[0]) for one in json.loads(out)["remarks"]}
    assert {
        ("ignores-unknown", "a"),
        ("same-expression", "b"),
        ("constant-rule", "c"),
        ("no-controls", "a"),
        ("untested-rule", "a"),
        ("blind-spot", "no rule looks at 'malicious'"),
        ("blind-spot", "no rule looks at the vulnerabilities"),
        ("untested-policy", "the policy as a whole has no test"),
        ("long-waiver", "w1"),
        ("unused-waiver", "w2"),
    } <= found
    assert run("lint", "baseline")[0] == 0


def test_waivers_are_listed_with_what_no_longer_holds(run) -> None:
    (run.folder / "waivers.yaml").write_text(WAIVER)
    (run.folder / "osv-scanner.toml").write_text("[[IgnoredVulns]]\nid = 'A-2'\n")
    code, out, _ = run("waivers", "waivers.yaml")
    assert code == 0
    assert out.startswith("w1  pkg:npm/alpha  A-1  until 2027-02-01T00:00Z\n")
    code, out, _ = run(
        "waivers", "waivers.yaml", "osv-scanner.toml", "--at", "2028-01-01T00:00:00Z"
    )
    assert code == 1
    assert "waivers.yaml:2: the waiver of A-1 for pkg:npm/alpha expired" in out
    assert "osv-scanner.toml:2: what ignores A-2 lacks subject, owner, reason" in out
    with pytest.raises(UsageError, match="the same"):
        run("waivers", "osv-scanner.toml", "--owner", "a", "--approver", "a")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("decide", "nowhere", "-"), UsageError),
        (("decide", "baseline", "absent.json"), UsageError),
        (("decide", "baseline", "."), UsageError),
        (("decide", "baseline", "-", "--at", "soon"), UsageError),
        (("init", "x.yaml", "--extends", "nothing"), UsageError),
        (("replay", "absent"), UsageError),
        (("waivers", "absent"), UsageError),
        (("test", "."), UsageError),
    ],
)
def test_wrong_usage_is_one_line(run, words, error) -> None:
    with pytest.raises(error) as caught:
        run(*words)
    assert isinstance(caught.value, PratiqueError)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_refused(run) -> None:
    (run.folder / "facts").write_bytes(b"\xff\x00")
    with pytest.raises(InputError, match="facts: line 1: is not UTF-8 text"):
        run("decide", "baseline", "facts")


def test_the_commands_are_light_to_import() -> None:
    code = "import sys, pratique.policy.cli; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    modules = set(loaded.stdout.split())
    assert not modules & {"cel_expr_python.cel", "yaml", "msgspec", "pratique.policy.service"}
