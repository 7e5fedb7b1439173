"""The commands, as a user runs them."""

from __future__ import annotations

import io
import json
import os
import stat
import sys
from pathlib import Path

import pytest

from pratique.model.errors import UsageError
from pratique.surfaces.cli.app import load


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs a command by its name; gives exit code, standard output and error."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1735689600")
    monkeypatch.chdir(tmp_path)

    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    def call(name: str, *words: str, stdin: str = "", terminal: bool = False):
        parser, command = load(f"vex {name}")
        stream = Terminal if terminal else io.TextIOWrapper
        monkeypatch.setattr(sys, "stdin", stream(io.BytesIO(stdin.encode())))
        code = command(parser.parse_args(list(words)))
        out, err = capsys.readouterr()
        return code, out, err

    return call


def test_create_is_deterministic(run):
    words = ("pkg:oci/alpha", "CVE-2025-0001", "fixed", "--author", "Alpha Team")
    code, out, _ = run("create", *words)
    assert code == 0
    document = json.loads(out)
    assert document["@context"] == "https://openvex.dev/ns/v0.2.0"
    assert document["@id"].startswith("https://openvex.dev/docs/public/vex-")
    assert document["timestamp"] == "2025-01-01T00:00:00Z"
    assert document["statements"][0]["status"] == "fixed"
    assert run("create", *words)[1] == out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("pkg:oci/a", "CVE-1", "not_affected"), "needs a justification"),
        (("pkg:oci/a", "CVE-1", "not_affected", "-j", "because"), "no justification"),
        (("pkg:oci/a", "CVE-1", "fixed", "-j", "component_not_present"), "not_affected alone"),
        (("pkg:oci/a", "CVE-1", "fixed", "-a", "upgrade"), "affected alone"),
        (("pkg:oci/a", "CVE-1", "maybe"), "is no status"),
        (("pkg:oci/a", "CVE-1"), "is no status"),
        (("pkg:oci/a",), "no vulnerability"),
        ((), "no product"),
        (("pkg:oci", "CVE-1", "fixed"), "no name"),
        (("pkg:oci/a", "CVE-1", "fixed", "--alias", "CVE-1"), "alias of itself"),
        (("pkg:oci/a", "CVE-1", "fixed", "--vuln", "CVE-2"), "given twice"),
        (
            ("pkg:oci/a", "CVE-1", "fixed", "-p", "pkg:oci/b", "--subcomponent", "c"),
            "single product",
        ),
    ],
)
def test_create_refuses_what_makes_no_statement(run, words, message):
    with pytest.raises(UsageError, match=message):
        run("create", *words)


def test_create_asks_on_a_terminal(run):
    answers = "pkg:oci/alpha\nCVE-2025-0001\nnot_affected\ncomponent_not_present\n"
    code, out, err = run("create", stdin=answers, terminal=True)
    assert code == 0
    assert "Vulnerability: " in err
    assert json.loads(out)["statements"][0]["justification"] == "component_not_present"


def test_a_wrong_word_on_a_terminal_is_asked_for_again(run):
    answers = "pkg:oci/alpha\nCVE-2025-0001\nbogus\nnot_affected\nwrong\n\nnever called\n"
    code, out, err = run("create", stdin=answers, terminal=True)
    assert code == 0
    assert "'bogus' is none of them" in err
    assert "'wrong' is none of them" in err
    assert json.loads(out)["statements"][0]["impact_statement"] == "never called"
    with pytest.raises(UsageError, match="'' is no status"):
        run("create", stdin="pkg:oci/alpha\nCVE-2025-0001\nbogus\n", terminal=True)


def test_add_raises_the_version_and_keeps_dates(run, monkeypatch):
    run("create", "pkg:oci/alpha", "CVE-1", "under_investigation", "-o", "a.vex.json")
    before = json.loads(Path("a.vex.json").read_text())
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1735776000")
    assert run("add", "-i", "a.vex.json", "pkg:oci/alpha", "CVE-1", "fixed")[0] == 0
    after = json.loads(Path("a.vex.json").read_text())
    assert after["version"] == 2
    assert after["last_updated"] == "2025-01-02T00:00:00Z"
    assert after["@id"] == before["@id"]
    assert [one["timestamp"] for one in after["statements"]] == [
        "2025-01-01T00:00:00Z",
        "2025-01-02T00:00:00Z",
    ]


def test_add_goes_not_back_in_time(run, monkeypatch):
    run("create", "pkg:oci/alpha", "CVE-1", "fixed", "-o", "a.vex.json")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1704067200")
    with pytest.raises(UsageError, match="later than the new statement"):
        run("add", "a.vex.json", "pkg:oci/alpha", "CVE-2", "fixed")


def test_add_loses_no_statement_that_cannot_be_read(run):
    run("create", "pkg:oci/alpha", "CVE-1", "fixed", "-o", "a.vex.json")
    value = json.loads(Path("a.vex.json").read_text())
    value["statements"].append({"vulnerability": {"name": "CVE-2"}, "status": "who knows"})
    Path("a.vex.json").write_text(json.dumps(value))
    with pytest.raises(UsageError, match="would be lost"):
        run("add", "-i", "a.vex.json", "pkg:oci/alpha", "CVE-3", "fixed")
    assert json.loads(Path("a.vex.json").read_text()) == value


def test_merge_reads_every_format_and_keeps_dates(run):
    run("create", "pkg:oci/alpha", "CVE-1", "fixed", "-o", "a.vex.json")
    run("create", "pkg:oci/beta", "CVE-2", "fixed", "-o", "b.vex.json")
    run("convert", "b.vex.json", "--to", "csaf", "-o", "b.csaf.json")
    code, out, _ = run("merge", "a.vex.json", "b.csaf.json")
    assert code == 0
    merged = json.loads(out)
    assert merged["@id"].startswith("merged-vex-")
    assert [one["vulnerability"]["name"] for one in merged["statements"]] == ["CVE-1", "CVE-2"]
    _, out, _ = run("merge", "a.vex.json", "b.csaf.json", "--product", "pkg:oci/beta@1")
    assert [one["vulnerability"]["name"] for one in json.loads(out)["statements"]] == ["CVE-2"]


def test_merge_names_what_it_cannot_read(run):
    run("create", "pkg:oci/alpha", "CVE-1", "fixed", "-o", "a.vex.json")
    Path("bad.json").write_text("{")
    code, out, err = run("merge", "a.vex.json", "bad.json")
    assert code == 3
    assert "bad.json" in err
    assert len(json.loads(out)["statements"]) == 1


def test_generate_speaks_of_the_one_product(run):
    run("generate", "--init", "-t", "templates")
    template = "templates/main.openvex.json"
    run("add", "-i", template, "pkg:oci/alpha", "CVE-1", "fixed")
    run("add", "-i", template, "pkg:oci/beta", "CVE-2", "fixed")
    product = "pkg:oci/alpha@sha256:" + "a" * 64
    code, out, _ = run("generate", product, "-t", "templates", "--author", "Alpha Team")
    assert code == 0
    document = json.loads(out)
    assert document["@id"].startswith("https://openvex.dev/docs/public/vex-")
    (statement,) = document["statements"]
    assert statement["products"] == [{"@id": product}]
    with pytest.raises(UsageError, match="not empty"):
        run("generate", "--init", "-t", "templates")


def test_list(run):
    assert run("list", "status")[1].split() == [
        "not_affected",
        "affected",
        "fixed",
        "under_investigation",
    ]
    out = run("list", "cyclonedx")[1]
    assert "protected_by_compiler" in out
    assert len(out.splitlines()) == 15


def test_validate_gives_the_number_of_the_test(run):
    run("create", "pkg:oci/alpha", "CVE-2025-0001", "fixed", "-o", "a.vex.json")
    run("convert", "a.vex.json", "--to", "csaf", "-o", "a.csaf.json")
    code, out, _ = run("validate", "a.vex.json", "a.csaf.json")
    assert code == 0
    assert "a.csaf.json: CSAF 2.0 (csaf_vex): valid" in out
    value = json.loads(Path("a.csaf.json").read_text())
    value["vulnerabilities"][0]["product_status"]["fixed"] = ["nowhere"]
    Path("b.csaf.json").write_text(json.dumps(value))
    code, out, _ = run("validate", "b.csaf.json", "--format", "json")
    assert code == 1
    assert [one["test"] for one in json.loads(out)[0]["faults"]] == ["6.1.1"]
    assert run("validate", "-", stdin="[]")[0] == 3


def test_convert_says_what_is_lost(run):
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "components": [{"type": "library", "bom-ref": "a", "name": "a", "purl": "pkg:npm/a@1"}],
        "vulnerabilities": [
            {
                "id": "CVE-2025-0001",
                "affects": [{"ref": "a"}],
                "analysis": {
                    "state": "false_positive",
                    "justification": "protected_at_perimeter",
                    "response": ["will_not_fix"],
                },
            }
        ],
    }
    code, out, err = run("convert", "-", "--to", "openvex", stdin=json.dumps(bom))
    assert code == 0
    (statement,) = json.loads(out)["statements"]
    assert statement["justification"] == "inline_mitigations_already_exist"
    assert "lost: CVE-2025-0001, vulnerabilities[0]: justification 'protected_at_perimeter'" in err
    assert "status 'false_positive' becomes not_affected" in err
    assert "responses will_not_fix" in err


def _sarif(*ids: str, **properties: object) -> str:
    return json.dumps(
        {
            "version": "2.1.0",
            "runs": [
                {
                    "tool": {"driver": {"name": "scan"}},
                    "properties": properties,
                    "results": [
                        {
                            "ruleId": id,
                            "message": {"text": "Package: alpha\nInstalled Version: 1.0\n"},
                        }
                        for id in ids
                    ],
                }
            ],
        }
    )


def test_filter_takes_any_id_and_the_latest_statement(run, monkeypatch):
    run("create", "pkg:oci/app", "XYZ-1", "fixed", "-o", "a.vex.json")
    report = _sarif("XYZ-1", "XYZ-2", imageName="app@sha256:" + "a" * 64)
    code, out, err = run("filter", "-", "a.vex.json", stdin=report)
    assert code == 0
    assert [one["ruleId"] for one in json.loads(out)["runs"][0]["results"]] == ["XYZ-2"]
    assert "1 of 2 results are settled by VEX" in err
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1735776000")
    run("add", "-i", "a.vex.json", "pkg:oci/app", "XYZ-1", "affected")
    assert "0 of 2" in run("filter", "-", "a.vex.json", stdin=report)[2]


def test_filter_needs_to_know_the_product(run):
    run("create", "pkg:oci/app", "CVE-1", "fixed", "-o", "a.vex.json")
    report = _sarif("CVE-1")
    assert "does not say what was scanned" in run("filter", "-", "a.vex.json", stdin=report)[2]
    for words in (("--product", "pkg:oci/app@1"), ("--any-product",)):
        assert "1 of 1" in run("filter", "-", "a.vex.json", *words, stdin=report)[2]
    assert "0 of 1" in run("filter", "-", "a.vex.json", "-p", "pkg:oci/b", stdin=report)[2]


def test_filter_compares_subcomponents_by_name_and_version(run):
    for name, version, count in (("alpha", "1.0", 1), ("alpha", "2.0", 0), ("beta", "1.0", 0)):
        run(
            "create", "pkg:oci/app", "CVE-1", "fixed", "--subcomponent",
            f"pkg:deb/debian/{name}@{version}", "-o", "a.vex.json",
        )  # fmt: skip
        report = _sarif("CVE-1", imageName="app@sha256:" + "a" * 64)
        assert f"{count} of 1" in run("filter", "-", "a.vex.json", stdin=report)[2]


def test_filter_of_a_report_of_our_own(run):
    """Its places are package URLs, and it has the aliases."""
    run("create", "pkg:pypi/alpha", "GHSA-1", "fixed", "-o", "a.vex.json")
    result = {
        "ruleId": "CVE-1",
        "locations": [{"logicalLocations": [{"fullyQualifiedName": "pkg:pypi/alpha@1.0"}]}],
        "properties": {"aliases": ["GHSA-1"]},
    }
    report = json.dumps({"runs": [{"tool": {"driver": {"name": "s"}}, "results": [result]}]})
    assert "1 of 1" in run("filter", "-", "a.vex.json", stdin=report)[2]


def test_filter_can_mark_in_place_of_removing(run):
    run("create", "pkg:oci/app", "CVE-1", "fixed", "-o", "a.vex.json")
    report = _sarif("CVE-1", imageName="app@sha256:" + "a" * 64)
    _, out, _ = run("filter", "-", "a.vex.json", "--suppress", stdin=report)
    (result,) = json.loads(out)["runs"][0]["results"]
    assert result["suppressions"][0]["kind"] == "external"
    assert result["suppressions"][0]["justification"].startswith("fixed; said by Unknown Author")


def _bom() -> dict[str, object]:
    def library(name: str) -> dict[str, str]:
        return {"type": "library", "bom-ref": name, "name": name, "purl": f"pkg:npm/{name}@1"}

    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {
            "component": {"type": "application", "bom-ref": "app", "name": "app", "purl": "pkg:npm/app@1"}
        },
        "components": [library("a"), library("b")],
        "dependencies": [{"ref": "app", "dependsOn": ["a", "b"]}, {"ref": "a", "dependsOn": ["b"]}],
        "vulnerabilities": [
            {"id": "CVE-1", "affects": [{"ref": "a"}, {"ref": "b"}]},
            {"id": "CVE-2", "affects": [{"ref": "b"}]},
        ],
    }  # fmt: skip


def test_filter_of_cyclonedx_keeps_what_is_still_affected(run):
    run("create", "pkg:npm/a", "CVE-1", "fixed", "-o", "1.vex.json")
    run("create", "pkg:npm/app", "CVE-2", "not_affected", "-j", "component_not_present",
        "--subcomponent", "pkg:npm/b", "-o", "2.vex.json")  # fmt: skip
    report = json.dumps(_bom())
    _, out, err = run("filter", "-", "1.vex.json", "2.vex.json", stdin=report)
    (left,) = json.loads(out)["vulnerabilities"]
    assert left == {"id": "CVE-1", "affects": [{"ref": "b"}]}
    assert "1 of 2 results" in err
    _, out, _ = run("filter", "-", "2.vex.json", "--suppress", stdin=report)
    analysis = json.loads(out)["vulnerabilities"][1]["analysis"]
    assert (analysis["state"], analysis["justification"]) == ("not_affected", "requires_dependency")


def test_filter_of_cyclonedx_follows_every_path(run):
    """b is needed by the application itself as well as by a."""
    run("create", "pkg:npm/a", "CVE-2", "fixed", "--subcomponent", "pkg:npm/b", "-o", "1.vex.json")
    bom = _bom()
    assert "0 of 2" in run("filter", "-", "1.vex.json", stdin=json.dumps(bom))[2]
    bom["dependencies"][0]["dependsOn"] = ["a"]
    assert "1 of 2" in run("filter", "-", "1.vex.json", stdin=json.dumps(bom))[2]


def test_folders_are_searched_and_dates_from_the_future_named(run):
    Path("vex").mkdir()
    run("create", "pkg:oci/app", "CVE-1", "fixed", "-o", "vex/a.json")
    Path("vex/package.json").write_text('{"name": "no vex"}')
    value = json.loads(Path("vex/a.json").read_text())
    value["timestamp"] = value["statements"][0]["timestamp"] = "2999-01-01T00:00:00Z"
    Path("vex/b.json").write_text(json.dumps(value))
    report = _sarif("CVE-1", imageName="app@sha256:" + "a" * 64)
    code, _, err = run("filter", "-", "vex", stdin=report)
    assert code == 3
    assert "1 of 1" in err
    assert "dated in the future" in err
    assert "package.json" not in err


def test_an_output_that_is_a_pipe_or_a_link_stays_what_it_is(run, tmp_path):
    words = ("pkg:oci/alpha", "CVE-2025-0001", "fixed", "--author", "Alpha Team")
    pipe, link, real = tmp_path / "pipe", tmp_path / "link", tmp_path / "real.json"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert run("create", *words, "-o", str(pipe))[0] == 0
        written = os.read(reader, 65536)
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert json.loads(written)["author"] == "Alpha Team"
    real.write_text("old")
    link.symlink_to("real.json")
    assert run("create", *words, "-o", str(link))[0] == 0
    assert link.is_symlink()
    assert real.read_bytes() == written


def test_adding_in_place_goes_through_a_link_and_touches_no_neighbour(run, tmp_path):
    words = ("pkg:oci/alpha", "CVE-2025-0001", "fixed", "--author", "Alpha Team")
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    run("create", *words, "-o", str(real))
    link.symlink_to("real.json")
    (tmp_path / "link.json.part").write_text("mine")
    more = ("pkg:oci/beta", "CVE-2025-0002", "fixed")
    assert run("add", "--in-place", str(link), *more)[0] == 0
    assert link.is_symlink()
    assert len(json.loads(real.read_text())["statements"]) == 2
    assert (tmp_path / "link.json.part").read_text() == "mine"
