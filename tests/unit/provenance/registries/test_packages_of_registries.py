"""``pratique verify`` of packages, against a registry of this machine."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from pratique.model.errors import InputError, UsageError

WHEEL = "alpha-1.2.3-py3-none-any.whl"


PURL = "pkg:pypi/alpha@1.2.3"


def test_a_package_with_provenance_of_the_index(market: Any) -> None:
    market.publish()
    found = market.json(PURL, "--source", "github.com/example/alpha")
    assert found["grade"] == "verified"
    (one,) = found["evidence"]
    assert one["kind"] == "pep740-provenance"
    assert one["source"].startswith("git+https://github.com/example/alpha@")
    assert found["digests"]["sha256"] == hashlib.sha256(b"alpha").hexdigest()


def test_every_file_of_a_version_counts(market: Any) -> None:
    market.publish()
    market.publish("alpha-1.2.3.tar.gz", b"source", evidence=None)
    found = market.json(PURL)
    assert (found["grade"], found["exit_code"]) == ("none", 3)
    assert "alpha-1.2.3.tar.gz" in found["reason"]
    one = market.json(f"{PURL}?file_name={WHEEL}")
    assert one["grade"] == "verified"


def test_another_version_is_not_looked_at(market: Any) -> None:
    market.publish()
    market.publish("alpha-9.tar.gz", b"other", evidence=None)
    assert market.json(PURL)["grade"] == "verified"


def test_an_index_that_has_no_evidence_is_none_and_never_verified(market: Any) -> None:
    market.publish(evidence=None)
    code, out, _ = market.run(PURL)
    assert code == 3
    assert "- none" in out
    assert "the registry offers no evidence about it" in out
    page = market.registry.pages["/simple/alpha/"]
    del page["files"][0]["provenance"]  # an index from before PEP 740: its other place is asked
    found = market.json(PURL, "--cache", market.folder / "other")
    assert found["grade"] == "none"
    assert any(path.startswith("/integrity/alpha/1.2.3/") for path in market.registry.asked)


def test_the_integrity_api_is_asked_where_the_index_lists_nothing(market: Any) -> None:
    market.publish()
    page = market.registry.pages["/simple/alpha/"]
    del page["files"][0]["provenance"]
    market.registry.pages[f"/integrity/alpha/1.2.3/{WHEEL}/provenance"] = market.registry.pages[
        f"/provenance/{WHEEL}"
    ]
    assert market.json(PURL)["grade"] == "verified"


@pytest.mark.parametrize("answer", [403, None])
def test_what_cannot_be_asked_is_unknown(market: Any, answer: int | None) -> None:
    market.publish()
    market.registry.pages[f"/provenance/{WHEEL}"] = answer
    found = market.json(PURL)
    assert (found["grade"], found["exit_code"]) == ("unknown", 3)
    assert found["next_action"]


def test_a_registry_without_the_package(market: Any) -> None:
    assert market.json(PURL)["grade"] == "none"
    market.registry.pages["/simple/alpha/"] = 403
    found = market.json(PURL, "--cache", market.folder / "other")
    assert (found["grade"], found["exit_code"]) == ("unknown", 3)
    assert "403" in found["reason"]


def test_offline_uses_what_was_answered_before(market: Any) -> None:
    market.publish()
    found = market.json(PURL, "--offline")
    assert (found["grade"], market.registry.asked) == ("unknown", [])
    assert market.json(PURL)["grade"] == "verified"
    asked = len(market.registry.asked)
    assert market.json(PURL, "--offline")["grade"] == "verified"
    assert len(market.registry.asked) == asked


def test_a_package_is_learned_and_watched_in_the_record(market: Any) -> None:
    store = ("--record", "--store", f"sqlite:///{market.folder / 'record.sqlite'}")
    market.publish()
    market.publish("alpha-1.2.4-py3-none-any.whl", b"newer", evidence=None)
    _, _, err = market.run(PURL, *store)
    assert "pkg:pypi/alpha: learned on first use" in err
    found = market.json("pkg:pypi/alpha@1.2.4", *store)
    assert (found["grade"], found["exit_code"]) == ("failed", 1)
    assert "disappeared" in found["alarms"][0]
    path = market.lock(market.digests[WHEEL])
    assert market.json(path, *store)["counts"] == {"verified": 1}
    path = market.lock(market.digests["alpha-1.2.4-py3-none-any.whl"], requirement="alpha==1.2.4")
    code, out, _ = market.run(path, *store)
    assert code == 1
    assert "alarm" in out


def test_what_could_not_be_asked_has_not_disappeared(market: Any) -> None:
    store = ("--record", "--store", f"sqlite:///{market.folder / 'record.sqlite'}")
    market.publish()
    market.run(PURL, *store)
    market.registry.pages[f"/provenance/{WHEEL}"] = 403
    found = market.json(PURL, *store, "--cache", market.folder / "other")
    assert (found["grade"], found["alarms"], found["exit_code"]) == ("unknown", [], 3)


def test_evidence_that_is_named_is_of_files(market: Any) -> None:
    bundle = market.folder / "a.sigstore.json"
    bundle.write_text("{}")
    with pytest.raises(UsageError, match="--bundle"):
        market.run(PURL, "--bundle", bundle)


def test_wrong_package_urls(market: Any) -> None:
    with pytest.raises(InputError):
        market.run("pkg:pypi")
    found = market.json("pkg:pypi/alpha")
    assert found["grade"] == "unknown"
    assert "no version" in found["reason"]
    assert market.json("pkg:cargo/alpha@1")["grade"] == "none"
    assert market.json(f"{PURL}?repository_url=https://index.example.test")["grade"] == "none"
