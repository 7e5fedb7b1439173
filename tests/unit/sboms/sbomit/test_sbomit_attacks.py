"""SBOMit: metadata that does not hold, tampered and damaged documents."""

from __future__ import annotations

import copy
import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., tuple[int, str, str]]


ARTIFACT = b"the product"


def sha(data: bytes) -> dict[str, str]:
    return {"sha256": hashlib.sha256(data).hexdigest()}


BUILD = (
    "sbomit", "build", "root.layout", "--links", "links", "--key", "owner.pub", "--name", "app",
    "--version", "1.2", "--attestation", "bom.json", "--attestation", "slsa.json", "-o", "doc",
)  # fmt: skip


VERIFY = ("sbomit", "verify", "doc", "--key", "owner.pub")


def test_metadata_that_does_not_hold_is_refused(pratique: Run, pipeline: Any) -> None:
    def refused(change: Callable[[Any], Any]) -> int:
        other = copy.copy(pipeline)
        other.layout, other.links = copy.deepcopy(pipeline.layout), dict(pipeline.links)
        change(other)
        other.write()
        return pratique(*BUILD)[0]

    stranger = type(pipeline.owner)()
    assert refused(lambda p: p.layout.update(expires="2001-01-01T00:00:00Z")) != 0
    assert refused(lambda p: setattr(p, "owner", stranger) or Path("owner.pub").unlink()) == 0
    Path("other.pub").write_bytes(type(stranger)().key.public_pem())
    assert pratique(*BUILD, "--key", "other.pub")[0] != 0
    wrong = pipeline.link("build", {"app.py": sha(b"evil")}, {"app.tar": sha(ARTIFACT)})
    assert refused(lambda p: p.links.update({p.builder: wrong})) != 0
    pipeline.write()
    for name, data in (
        (
            "stranger.json",
            stranger.attest("https://cyclonedx.org/bom", pipeline.bom, sha(ARTIFACT)),
        ),
        (
            "elsewhere.json",
            pipeline.builder.attest("https://cyclonedx.org/bom", pipeline.bom, sha(b"x")),
        ),
        ("damaged.json", b"{}"),
        ("text.json", b"text"),
    ):
        Path(name).write_bytes(data)
        assert pratique(*BUILD, "--attestation", name)[0] in {1, 3}, name


def test_tampered_documents_are_never_verified(pratique: Run, built: Any) -> None:
    good = json.loads(Path("doc").read_text())
    link = next(name for name in good["metadata"] if name.startswith("build."))
    changes: list[Callable[[dict[str, Any]], Any]] = [
        lambda v: v["layout"]["signed"]["steps"][0].update(pubkeys=[]),
        lambda v: v["layout"]["signatures"].clear(),
        lambda v: v["metadata"][link]["signed"]["products"].update({"app.tar": sha(b"evil")}),
        lambda v: v["metadata"][link]["signatures"][0].update(sig="00" * 64),
        lambda v: v["metadata"].pop(link),
        lambda v: v["metadata"]["bom.json"]["signatures"][0].update(sig="AAAA"),
        lambda v: v["metadata"].update({"../x.link": {}}),
        lambda v: v["metadata"].update({"/etc/x.link": {}}),
        lambda v: v.update(sits=[{"name": "x"}]),
        lambda v: v.update(sits=v["sits"] * 2),
        lambda v: v.update(addendums=[[{"op": "remove", "path": f"/metadata/{link}"}]]),
        lambda v: v["sits"][0].update(mutation=[{"op": "remove", "path": "/nothing"}]),
        lambda v: v.update(sbomit="urn:other"),
        lambda v: v.pop("layout"),
    ]
    for number, change in enumerate(changes):
        bad = copy.deepcopy(good)
        change(bad)
        Path("doc").write_text(json.dumps(bad))
        code, out, err = pratique(*VERIFY)
        assert code in {1, 3}, (number, out, err)
        assert "verified\n" not in out.splitlines()[-1:], number
    Path("doc").write_text(json.dumps(good))
    assert pratique(*VERIFY)[0] == 0
    Path("evil.tar").write_bytes(b"evil")
    assert pratique(*VERIFY, "-a", "evil.tar")[0] == 1


def test_damaged_documents_never_raise(pratique: Run, built: Any) -> None:
    chance = random.Random(9)
    good = Path("doc").read_bytes()
    for _ in range(60):
        data = bytearray(good)
        for _ in range(chance.randrange(1, 5)):
            at = chance.randrange(len(data))
            data[at : at + chance.randrange(3)] = bytes([chance.choice(b'{}[]",:0a\\')])
        Path("doc").write_bytes(data)
        code, _, err = pratique(*VERIFY)
        assert code in {0, 1, 3}, err
