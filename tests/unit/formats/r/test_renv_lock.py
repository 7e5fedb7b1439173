from __future__ import annotations

import json

import pytest

from pratique.formats.lockfiles.r.renv_lock import read
from pratique.model.errors import InputError
from pratique.model.nouns import Source

LOCK = {
    "R": {
        "Version": "4.4.0",
        "Repositories": [{"Name": "CRAN", "URL": "https://u:p@r.example.test"}],
    },
    "Packages": {
        "alpha": {
            "Package": "alpha",
            "Version": "1.0-2",
            "Source": "Repository",
            "Repository": "CRAN",
            "Requirements": ["R", "methods", "beta", "absent"],
            "Hash": "0" * 32,
        },
        "beta": {"Package": "beta", "Version": "2.0", "Source": "Bioconductor", "Requirements": []},
        "gamma": {
            "Package": "gamma",
            "Version": "3.0.9000",
            "Source": "GitHub",
            "RemoteType": "github",
            "RemoteHost": "api.github.com",
            "RemoteUsername": "owner",
            "RemoteRepo": "gamma",
            "RemoteRef": "main",
            "RemoteSha": "00ff",
        },
        "delta": {"Package": "delta"},
        "null": None,
    },
}


def test_renv_lock(memory_tree):
    reading = read(json.dumps(LOCK, indent=1).encode(), "renv.lock", memory_tree({}))
    alpha, beta, gamma, delta = reading.components
    assert (str(alpha.package), alpha.ecosystem) == ("pkg:cran/alpha@1.0-2", "CRAN")
    assert (beta.package.type, beta.ecosystem) == ("bioconductor", "Bioconductor")
    assert alpha.registry == "https://r.example.test"
    assert alpha.hashes == ()
    assert alpha.locations[0].line == 12
    assert gamma.source == Source(
        url="https://github.com/owner/gamma", commit="00ff", reference="main"
    )
    assert delta.package.version == ""
    assert reading.edges == {alpha.ref: (beta.ref,), beta.ref: ()}
    assert [p.trouble.value for p in reading.problems] == ["unknown", "unreadable", "notice"]


def test_no_packages_is_unknown(memory_tree):
    reading = read(b'{"R": {}}', "renv.lock", memory_tree({}))
    assert reading.components == ()
    assert [p.trouble.value for p in reading.problems] == ["unknown"]


@pytest.mark.parametrize("data", [b"null", b"[]", b'"x"'])
def test_other_json_is_refused(memory_tree, data):
    with pytest.raises(InputError):
        read(data, "renv.lock", memory_tree({}))
