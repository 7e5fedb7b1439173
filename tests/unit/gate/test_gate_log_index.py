"""The index of the log answers as the log does, and never instead of it."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pratique.gate import logindex, logquery
from pratique.gate.inspect import Question, why
from pratique.gate.log import NAME, Log, entries
from pratique.gate.logindex import INDEX, LogIndex, Unusable
from pratique.model.errors import EvidenceError, InputError

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SUBJECTS = (
    "pkg:pypi/alpha@1.0",
    "pkg:pypi/alpha@1.1",
    "pkg:pypi/Beta_b@1.0%2Blocal",
    "pkg:npm/%40acme/pay@2.0.0",
    "pkg:npm/alpha@1.0",
    "pkg:golang/example.test/Alpha@v1.0.0",
    "pkg:maven/test.example/alpha@1.0?type=pom",
    "pkg:cargo/alpha_a@0.1.0",
    "no package URL",
)
PACKAGES = (
    ("PyPI", "alpha"),
    ("npm", "@acme/pay"),
    ("Maven", "test.example:alpha"),
    ("crates.io", "alpha-a"),
    ("Go", "example.test/Alpha"),
)


def write(log: Log, chance: random.Random, count: int, at: datetime) -> datetime:
    """Entries of every kind, with a clock that also goes back."""
    for _ in range(count):
        at += timedelta(minutes=chance.randint(-20, 60))
        who: dict[str, str] = {}
        if chance.random() < 0.8:
            who["client"] = f"192.0.2.{chance.randint(1, 4)} pip/{chance.randint(24, 26)}"
        if chance.random() < 0.6:
            who |= {"user": f"ci-{chance.randint(1, 3)}", "team": chance.choice(("pay", "web"))}
        subject = chance.choice(SUBJECTS)
        ecosystem, package = chance.choice(PACKAGES)
        version = f"1.{chance.randint(0, 2)}"
        match chance.choice(("served", "stored", "refused", "index", "reserved", "given", "other")):
            case "served" | "stored" as kind:
                log.append(kind, at, subject=subject, file="a", sha256="0" * 64, **who)
            case "refused":
                log.append("refused", at, subject=subject, file="a", why="deny by x: y", **who)
            case "index":
                log.append(
                    "index",
                    at,
                    ecosystem=ecosystem,
                    package=package,
                    policy="trial",
                    admitted=[version],
                    refused={"1.9": "deny by x: y"},
                    **({"team": who["team"]} if "team" in who else {}),
                    **({"part": "1-SNAPSHOT"} if chance.random() < 0.1 else {}),
                )
            case "reserved":
                log.append("reserved", at, ecosystem=ecosystem, package=package, **who)
            case "given":
                log.append("rejected", at, subject=subject, rule="x", reason="y", by="z")
            case _:
                log.append("alarm", at, what="w", ecosystem=ecosystem, package=package, file="f")
    return at


def questions() -> Iterator[Question]:
    names = [one for _, one in PACKAGES] + list(SUBJECTS)
    names += ["alpha@1.0", "@acme/pay@2.0.0", "beta-b", "Beta_b@1.0+local", "pkg:pypi/alpha"]
    names += ["test.example:alpha", "test.example/alpha@1.0", "alpha@", "@", "none"]
    yield from (Question(package=one) for one in names)
    yield from (Question(kind=one) for one in ("served", "index", "rejected", "nothing"))
    yield from (Question(client=one) for one in ("192.0.2.1", "pip/25", "ci-2", "ci", "%", "'"))
    yield from (Question(team=one) for one in ("pay", "none"))
    for hours in (-5, 3, 30):
        yield Question(since=NOW + timedelta(hours=hours))
        yield Question(until=NOW + timedelta(hours=hours), team="web", kind="served")
        yield Question(since=NOW, until=NOW + timedelta(hours=hours), package="alpha", client="pip")


def scanned(data: Path, asked: Question) -> list[dict[str, Any]]:
    return [one for one in entries(data) if asked.meets(one)]


@pytest.mark.parametrize("seed", range(4))
def test_every_question_has_the_answer_of_the_log(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logindex, "BATCH", 7)
    monkeypatch.setattr(logquery, "ROWS", 5)
    chance = random.Random(seed)
    log, at = Log(tmp_path, NOW), NOW
    for count in (40, 1, 0, 60):  # the index is brought up to date each time
        at = write(log, chance, count, at)
        for asked in questions():
            assert list(logquery.found(tmp_path, asked)) == scanned(tmp_path, asked), asked
    log.close()
    packages = ["alpha", "Alpha_A", "@acme/pay", "alpha@1.0", "beta.b", "none", *SUBJECTS]
    packages += ["pkg:pypi/alpha", "pkg:maven/test.example/alpha", "test.example:alpha"]
    about = (
        Question(),
        Question(team="pay"),
        Question(client="ci-1"),
        Question(client="pip/25", team="web", since=NOW + timedelta(hours=8)),
    )
    told = 0
    for one in packages:
        for asked in about:
            lines = why(tmp_path, one, asked)
            assert lines == why(tmp_path, one, asked, whole=True), (one, asked)
            told += len(lines)
    assert told > 100


@pytest.fixture
def data(tmp_path: Path) -> Path:
    log = Log(tmp_path, NOW)
    write(log, random.Random(9), 60, NOW)
    log.close()
    return tmp_path


ASKED = Question(kind="served")


def damaged(how: str, path: Path) -> None:
    match how:
        case "absent":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "text":
            path.write_bytes(b"no tables here\n" * 400)
        case "cut":
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 100])
        case "pages":
            body = bytearray(path.read_bytes())
            body[4096:] = b"\xa5" * (len(body) - 4096)
            path.write_bytes(bytes(body))
        case _:
            with sqlite3.connect(path) as tables:
                tables.execute(how)
            tables.close()


@pytest.mark.parametrize(
    "how",
    [
        "absent",
        "empty",
        "text",
        "cut",
        "pages",
        "update state set form = 0",
        "update state set number = number - 1",
        "update state set head = 'x'",
        "update state set finish = finish + 1",
        "update entry set start = start + 3",
        "update entry set length = 1 << 40",
        "update entry set digest = x'00'",
        "delete from state",
        "delete from entry",
        "drop table called",
    ],
)
def test_a_damaged_index_is_made_anew(data: Path, how: str) -> None:
    wanted = scanned(data, ASKED)
    assert list(logquery.found(data, ASKED)) == wanted
    damaged(how, data / INDEX)
    assert list(logquery.found(data, ASKED)) == wanted
    by_name = Question(package="alpha")
    assert list(logquery.found(data, by_name)) == scanned(data, by_name)
    index = LogIndex(data)
    index.catch_up()
    assert index.tables.execute("select count(*) from entry").fetchone() == (60,)
    index.close()


@pytest.mark.parametrize("seed", range(3))
def test_random_bytes_in_the_index_never_invent_an_entry(data: Path, seed: int) -> None:
    """At the worst an entry is not found by it; none is given that the log has not."""
    chance = random.Random(seed)
    wanted = scanned(data, ASKED)
    list(logquery.found(data, ASKED))
    body = (data / INDEX).read_bytes()
    for _ in range(20):
        changed = bytearray(body)
        for _ in range(30):
            changed[chance.randrange(len(body))] = chance.randrange(256)
        (data / INDEX).write_bytes(bytes(changed))
        assert all(one in wanted for one in logquery.found(data, ASKED))


def test_a_log_that_was_cut_replaced_or_changed(data: Path) -> None:
    list(logquery.found(data, ASKED))
    path = data / NAME
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:30]))  # its end was taken away: the index knows no more
    assert list(logquery.found(data, ASKED)) == scanned(data, ASKED)
    path.write_bytes(whole.replace(b'"served"', b'"Served"'))  # each line's digest is wrong now
    with pytest.raises(EvidenceError, match="was changed"):
        list(logquery.found(data, ASKED))
    path.write_bytes(whole)
    assert list(logquery.found(data, ASKED)) == scanned(data, ASKED)
    place = next(number for number, line in enumerate(lines) if b'"served"' in line)
    lines[place] = lines[place].replace(b'"file":"a"', b'"file":"b"')
    path.write_bytes(b"".join(lines))  # one line in the middle, of the same length
    with pytest.raises(EvidenceError, match=f":{place + 1}: the entry was changed"):
        list(logquery.found(data, ASKED))
    (data / INDEX).unlink()
    asked = Question(until=datetime(9999, 1, 1, tzinfo=UTC))
    got: list[int] = []
    with pytest.raises(EvidenceError):
        got.extend(entry["n"] for entry in logquery.found(data, asked))
    assert got == list(range(1, place + 1))  # what is before it is not lost
    with pytest.raises(EvidenceError):
        list(logquery.found(data, Question()))
    with pytest.raises(EvidenceError):
        list(logquery.found(data, Question(kind="nothing"), whole=True))


def test_a_torn_end_waits_until_it_is_whole(data: Path) -> None:
    path = data / NAME
    whole = path.read_bytes()
    wanted = scanned(data, Question(team="pay"))
    lines = whole.splitlines(keepends=True)
    path.write_bytes(whole[: -len(lines[-1]) // 2])
    list(logquery.found(data, ASKED))
    path.write_bytes(whole)
    assert list(logquery.found(data, Question(team="pay"))) == wanted


def test_where_nothing_can_be_written_the_log_is_read(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: LogIndex, folder: Path) -> None:
        raise Unusable("read only")

    monkeypatch.setattr(LogIndex, "__init__", refuse)
    assert list(logquery.found(data, ASKED)) == scanned(data, ASKED)
    assert why(data, "alpha")
    assert not (data / INDEX).exists()


def test_no_log_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        list(logquery.found(tmp_path, ASKED))
    with pytest.raises(InputError, match="cannot be read"):
        why(tmp_path, "alpha")


def test_a_text_that_is_none_is_found_nowhere(data: Path) -> None:
    assert list(logquery.found(data, Question(client="\udcff"))) == []


def test_killed_while_it_is_made(tmp_path: Path) -> None:
    """At any moment: what is left is taken up or made anew, and answers are whole."""
    log = Log(tmp_path, NOW)
    write(log, random.Random(1), 600, NOW)
    log.close()
    wanted = scanned(tmp_path, ASKED)
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from pratique.gate import logindex, logquery
        logindex.BATCH = 5
        print("begins", flush=True)
        logquery.refresh(Path(sys.argv[1]))
        """
    )
    chance = random.Random(2)
    for _ in range(5):
        maker = subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE
        )
        assert maker.stdout is not None
        maker.stdout.readline()
        size, start = chance.randint(1, 60_000), time.monotonic()
        index = tmp_path / INDEX
        while maker.poll() is None and time.monotonic() - start < 60:
            if index.exists() and index.stat().st_size >= size:
                break
        maker.send_signal(signal.SIGKILL)
        maker.wait(30)
        maker.stdout.close()
    assert list(logquery.found(tmp_path, ASKED)) == wanted
    by_team = Question(team="pay", package="alpha")
    assert list(logquery.found(tmp_path, by_team)) == scanned(tmp_path, by_team)


def test_two_at_once(tmp_path: Path) -> None:
    log = Log(tmp_path, NOW)
    write(log, random.Random(3), 400, NOW)
    log.close()
    program = (
        "import sys; from pathlib import Path; from pratique.gate import logindex, logquery; "
        "from pratique.gate.inspect import Question; logindex.BATCH = 11; "
        "print(len(list(logquery.found(Path(sys.argv[1]), Question(kind='served')))))"
    )
    words = [sys.executable, "-c", program, str(tmp_path)]
    both = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    counts = {one.communicate(timeout=120)[0].strip() for one in both}
    assert counts == {str(len(scanned(tmp_path, ASKED)))}


def test_only_the_owner_may_read_it(data: Path) -> None:
    list(logquery.found(data, ASKED))
    assert (data / INDEX).stat().st_mode & 0o777 == 0o600
    assert (data / f"{INDEX}.lock").stat().st_mode & 0o777 == 0o600


def test_the_index_is_no_part_of_the_record(data: Path) -> None:
    """``gate verify`` reads the log, whatever the index says."""
    from pratique.gate.verifying import verify

    before = msgspec.json.encode(verify(data))
    (data / INDEX).write_bytes(b"nonsense")
    assert msgspec.json.encode(verify(data)) == before


def test_kept_up_to_date_while_a_gate_runs(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logquery, "KEEP_SECONDS", 0.01)
    monkeypatch.setattr(logquery, "KEEP_ENTRIES", 7)
    monkeypatch.setattr(logquery, "KEEP_PAUSE", 0.0)

    def wait_for(number: int) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                with closing(sqlite3.connect(f"file:{data / INDEX}?mode=ro", uri=True)) as tables:
                    if tables.execute("select number from state").fetchone() == (number,):
                        return
            except sqlite3.Error:
                pass  # it is not there yet, or is being written
            time.sleep(0.02)
        pytest.fail(f"entry {number} was not taken up")

    keeping = logquery.Keeping(data)
    keeping.begin()
    try:
        wait_for(60)
        log = Log(data, NOW)
        write(log, random.Random(5), 20, NOW)
        log.close()
        wait_for(80)
        (data / INDEX).write_bytes(b"nonsense")
        wait_for(80)
    finally:
        keeping.end()


def test_nothing_in_the_log_writes_on_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever could write the log would write what an auditor reads, and no more."""
    import argparse

    from pratique.gate import cli

    log = Log(tmp_path, NOW)
    log.append(
        "alarm", NOW, what="a\x1b[2J\n       2  2026", ecosystem="npm", package="x", file="\r"
    )
    log.append("index", NOW, ecosystem="npm", package="x", policy="p\x1b]0;t\x07", admitted=["1"],
               refused={"2": "deny by x: \u202ey\n3"})  # fmt: skip
    log.close()
    for command, words in ((cli.log, []), (cli.why, ["x"])):
        parser = argparse.ArgumentParser()
        command.configure(parser)
        assert command.run(parser.parse_args([*words, "--data", str(tmp_path)])) == 0
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) >= 2
        assert all(line.isprintable() for line in lines), lines
