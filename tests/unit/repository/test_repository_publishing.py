from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from securesystemslib.formats import encode_canonical
from tuf.api.metadata import SuccinctRoles

from pratique.repository import service
from pratique.repository.bins import bin_names, bin_of, canonical, check_path
from pratique.repository.errors import BusyError, RepositoryError
from pratique.repository.inspection import status, verify
from pratique.repository.keys import create_key, read_key
from pratique.repository.layout import Layout
from pratique.repository.pruning import prune


def test_what_is_published_can_be_got_and_is_the_same(scene):
    found = scene.get("alpha-1.0.whl")
    assert found[0].file.read_bytes() == b"alpha 1.0"
    assert not found[0].cached
    assert scene.get("alpha-1.0.whl")[0].cached


def test_a_folder_keeps_its_paths_as_in_pep_458(scene):
    scene.file("simple/alpha/index.html", b"<a>")
    scene.file("packages/aa/alpha-2.0.tar.gz", b"two")
    done = service.add(scene.repository, [scene.folder / "source" / "simple"], prefix="simple/")
    assert done.staged == 1
    service.add(scene.repository, [scene.folder / "source"])
    scene.publish()
    got = scene.get("simple/alpha/index.html", "packages/aa/alpha-2.0.tar.gz")
    assert [item.file.read_bytes() for item in got] == [b"<a>", b"two"]
    assert got[0].file.relative_to(scene.folder).as_posix().endswith("simple/alpha/index.html")


def test_readers_see_nothing_before_publication(scene):
    scene.add("beta-1.0.whl", b"beta")
    scene.adversary.take(scene.public)
    with pytest.raises(RepositoryError, match="not listed"):
        scene.get("beta-1.0.whl")


def test_content_does_not_change_under_a_path_unless_told(scene):
    same = scene.add("alpha-1.0.whl", b"alpha 1.0")
    assert (same.staged, same.unchanged, same.refused) == (0, 1, ())
    other = scene.add("alpha-1.0.whl", b"evil")
    assert other.staged == 0
    assert "other content" in other.refused[0].reason
    assert scene.add("alpha-1.0.whl", b"alpha 1.1", replace=True).staged == 1
    scene.publish()
    assert scene.get("alpha-1.0.whl")[0].file.read_bytes() == b"alpha 1.1"


def test_removed_is_no_longer_listed(scene):
    assert service.remove(scene.repository, ["alpha-1.0.whl", "ghost"]).refused[0].path == "ghost"
    scene.publish()
    with pytest.raises(RepositoryError, match="not listed"):
        scene.get("alpha-1.0.whl")


def test_bad_names_and_links_are_refused_and_the_rest_is_taken(scene):
    source = scene.file("tree/good.txt", b"good").parent
    (source / "bad\nname").write_bytes(b"")
    (source / "query?x").write_bytes(b"")
    (source / "link").symlink_to("/etc/passwd")
    os.mkfifo(source / "pipe")
    done = service.add(scene.repository, [source, scene.folder / "absent"])
    assert done.staged == 1
    assert {Path(one.path).name for one in done.refused} == {
        "bad\nname", "query?x", "link", "pipe", "absent",
    }  # fmt: skip


@pytest.mark.parametrize(
    "path",
    ["", "/a", "a//b", "../a", "a/..", "a/./b", "a\\b", "a\x00", "a%2e", "\ud800", "x" * 300],
)
def test_paths_that_could_lead_elsewhere_are_refused(path):
    assert check_path(path)


@given(st.text(max_size=40), st.sampled_from([2, 8, 16, 1024, 16384]))
@settings(max_examples=60, deadline=None)
def test_bins_are_chosen_as_by_python_tuf(path, bins):
    if check_path(path):
        return
    roles = SuccinctRoles([], 1, bins.bit_length() - 1, "bin")
    assert bin_names(bins)[bin_of(path, bins)] == roles.get_role_for_target(path)


@given(
    st.dictionaries(
        st.text(max_size=20).filter(lambda text: not check_path(text)),
        st.one_of(st.integers(0, 2**40), st.text('ab"é漢', max_size=5)),
        max_size=8,
    )
)
@settings(max_examples=60, deadline=None)
def test_canonical_json_is_that_of_securesystemslib(value):
    assert canonical(value) == encode_canonical(value).encode()


def test_one_writer_at_a_time(scene):
    with Layout(scene.repository).locked(), pytest.raises(BusyError):
        service.publish(scene.repository)


def test_a_bin_changed_on_disk_is_not_signed_again(scene):
    name = bin_names(8)[bin_of("alpha-1.0.whl", 8)]
    file = next(scene.metadata.glob(f"2.{name}.json"))
    file.write_bytes(file.read_bytes().replace(b'"length":9', b'"length":8'))
    with pytest.raises(RepositoryError, match="was changed"):
        service.bump(scene.repository, within=timedelta(days=400))
    assert any("was changed" in flaw.what for flaw in verify(scene.repository, scene.now).flaws)


def test_verify_finds_changed_and_lost_artifacts(scene):
    assert verify(scene.repository, scene.now).flaws == ()
    file = next((scene.public / "targets").glob("*.alpha-1.0.whl"))
    file.write_bytes(b"alpha 1.1")
    assert "was changed" in verify(scene.repository, scene.now).flaws[0].what
    assert verify(scene.repository, scene.now, content=False).flaws == ()
    file.unlink()
    assert "cannot be read" in verify(scene.repository, scene.now).flaws[0].what


def test_verify_finds_what_expired(scene):
    flaws = verify(scene.repository, scene.later(days=95)).flaws
    assert {flaw.where for flaw in flaws} >= {"snapshot", "timestamp", "bin-0"}
    assert not {"root", "targets"} & {flaw.where for flaw in flaws}


def test_bump_renews_only_what_is_due(scene):
    first = service.bump(scene.repository, now=scene.now)
    assert (first.bins, first.snapshot, first.timestamp) == (0, 2, 3)
    later = service.bump(scene.repository, now=scene.later(days=70))
    assert later.bins == 8
    assert verify(scene.repository, scene.later(days=70.5)).flaws == ()


def test_a_torn_last_line_of_the_journal_is_forgotten(scene):
    scene.add("beta-1.0.whl", b"beta")
    journal = scene.repository / "staged.jsonl"
    with journal.open("ab") as file:
        file.write(b'{"path":"gam')
    scene.add("delta-1.0.whl", b"delta")
    scene.publish()
    got = scene.get("beta-1.0.whl", "delta-1.0.whl")
    assert [item.length for item in got] == [4, 5]


def test_a_damaged_journal_is_refused_and_nothing_published_is_touched(scene):
    (scene.repository / "staged.jsonl").write_bytes(b"nonsense\n")
    with pytest.raises(RepositoryError, match="damaged"):
        service.publish(scene.repository)
    assert scene.get("alpha-1.0.whl")


def test_a_full_disk_leaves_what_is_published(scene, monkeypatch):
    scene.add("beta-1.0.whl", b"beta")
    replace = os.replace
    calls = []

    def full(source, target):
        calls.append(target)
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(RepositoryError, match="No space left"):
            service.publish(scene.repository)
    scene.adversary.take(scene.public)
    assert scene.get("alpha-1.0.whl")
    scene.publish()
    assert scene.get("beta-1.0.whl")


def _check_at_every_step(scene, monkeypatch):
    """After each file that appears, a new reader and one that knows the past can read."""
    replace = os.replace
    steps = []

    def stepped(source, target):
        replace(source, target)
        if Path(target).parent == scene.metadata:
            scene.adversary.take(scene.public)
            with monkeypatch.context() as inner:
                inner.setattr(os, "replace", replace)
                for reader in ("old", f"new{len(steps)}"):
                    assert scene.get("alpha-1.0.whl", reader=reader)
            steps.append(Path(target).name)

    monkeypatch.setattr(os, "replace", stepped)
    return steps


def test_no_reader_ever_sees_a_mixed_state(scene, monkeypatch):
    for number in range(20):
        scene.add(f"more-{number}.whl", b"%d" % number)
    steps = _check_at_every_step(scene, monkeypatch)
    service.publish(scene.repository)
    assert steps[-2:] == ["3.snapshot.json", "timestamp.json"]
    assert len(steps) >= 8


def test_no_reader_ever_sees_a_mixed_state_while_every_key_changes(scene, monkeypatch):
    online = scene.folder / "online2.pem"
    create_key(online)
    fresh = [create_key(scene.folder / f"fresh{n}.pem") for n in range(2)]
    steps = _check_at_every_step(scene, monkeypatch)
    draft = service.rotate(
        scene.repository,
        add_keys=fresh,
        remove_keys=[key.public.keyid for key in scene.keys],
        online_key=online,
        read=read_key,
        signers=scene.keys,
    )
    assert draft.complete
    assert steps[-2:] == ["timestamp.json", "2.root.json"]
    assert verify(scene.repository, scene.now).flaws == ()
    service.publish(scene.repository)
    scene.adversary.take(scene.public)
    assert scene.refresh("old").root == 2


_WRITER = """
import sys
from pathlib import Path
from pratique.repository import service
folder, start = Path(sys.argv[1]), int(sys.argv[2])
source = folder / "made"
source.mkdir(exist_ok=True)
for number in range(start, start + 1000):
    file = source / f"n-{number}.whl"
    file.write_bytes(b"%d" % number)
    service.add(folder / "repository", [file])
    service.publish(folder / "repository")
    print(number, flush=True)
"""


def _killed(scene, start: int, pause: float) -> int:
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(scene.folder), str(start)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(pause)
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read().split()
    process.stdout.close()
    process.wait()
    return int(rest[-1]) if rest else start


def test_killed_at_any_moment_nothing_published_is_lost(scene):
    last = 0
    for round in range(4):
        last = _killed(scene, last + 1, 0.01 + 0.023 * round)
        assert verify(scene.repository, scene.now).flaws == ()
        scene.adversary.take(scene.public)
        assert scene.get(f"n-{last}.whl")
    scene.publish()
    assert scene.get(f"n-{last}.whl")


def test_prune_keeps_what_recent_snapshots_name(scene):
    service.remove(scene.repository, ["alpha-1.0.whl"])
    scene.add("beta-1.0.whl", b"beta")
    scene.publish()
    targets = scene.public / "targets"
    assert prune(scene.repository, scene.later(hours=1), timedelta(days=1)) == (0, 0)
    done = prune(scene.repository, scene.later(days=3), timedelta(days=1))
    assert done.artifacts == 1
    assert done.metadata >= 3
    assert [file.name.partition(".")[2] for file in targets.iterdir()] == ["beta-1.0.whl"]
    assert verify(scene.repository, scene.now).flaws == ()
    scene.adversary.take(scene.public)
    assert scene.get("beta-1.0.whl")


def test_status_says_versions_keys_and_what_waits(scene):
    scene.add("beta-1.0.whl", b"beta")
    found = status(scene.repository, scene.now)
    assert [(role.role, role.version) for role in found.roles] == [
        ("root", 1), ("targets", 1), ("snapshot", 2), ("timestamp", 2),
    ]  # fmt: skip
    assert found.staged == 1
    assert found.online_keys == {"keys/online.pem": True}
    assert found.waiting == -1


def test_online_keys_are_private_and_never_served(scene):
    key = scene.repository / "keys" / "online.pem"
    assert key.stat().st_mode & 0o077 == 0
    assert not list(scene.public.rglob("*.pem"))
    assert json.loads((scene.repository / "repository.json").read_text())["bins"] == 8


@pytest.mark.parametrize("bins", [0, 1, 3, 1000, 32768])
def test_bins_are_powers_of_two(empty_scene, bins):
    with pytest.raises(RepositoryError, match="power of two"):
        service.init(
            empty_scene.repository, empty_scene.keys, threshold=2, read=read_key, bins=bins
        )


def test_a_damaged_repository_is_told_not_thrown(scene):
    (scene.repository / "repository.json").write_bytes(b"{")
    with pytest.raises(RepositoryError):
        service.publish(scene.repository)
    with pytest.raises(RepositoryError, match="no signed repository"):
        service.publish(scene.folder)
