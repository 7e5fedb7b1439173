"""What pip, uv, Poetry and PDM make of their configuration, a case a rule."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pratique.controls.configs.names import parse
from pratique.controls.configs.service import judge

Rules = Callable[..., list[tuple[str, str, int]]]
INSIDE = "https://packages.acme.test/feed/"
PUBLIC = "https://registry.public.example/feed/"

CASES = [
    (
        {
            "pip.conf": f"[global]\nindex-url={INSIDE}\nextra-index-url={PUBLIC}\n",
            "requirements.txt": "a==1 --hash=sha256:00\n",
        },
        (),
        None,
        0,
    ),
    (
        {
            "pip.conf": f"[global]\nindex-url={INSIDE}\nextra-index-url={PUBLIC}\n",
            "requirements.txt": "a==1 --hash=sha256:00\n",
            "requirements-dev.txt": "b\n",
        },
        (),
        "merged-sources",
        3,
    ),
    # pip
    ({"pip.conf": f"[global]\nextra-index-url = {INSIDE}\n"}, (), "default-public-remains", 2),
    ({"pip.conf": f"[global]\nindex-url={INSIDE}\nfind-links={PUBLIC}\n"}, (), "merged-sources", 3),
    ({"pip.conf": f"[global]\nindex-url={INSIDE}\nfind-links=./wheels\n"}, (), None, 0),
    ({"pip.conf": f"[global]\nno-index=true\nindex-url={PUBLIC}\n"}, ("a",), None, 0),
    ({"pip.conf": f"[global]\nindex-url={PUBLIC}\n"}, ("a",), "mapping-points-to-public", 2),
    (
        {"pip.conf": f"[global]\nindex-url={INSIDE}\ntrusted-host=x.acme.test\n"},
        (),
        "insecure-transport",
        3,
    ),
    ({"pip.conf": "[global]\nindex-url=http://p.acme.test/s\n"}, (), "insecure-transport", 2),
    (
        {"requirements.txt": f"--index-url {INSIDE}\n--extra-index-url {PUBLIC}\nx\n"},
        (),
        "merged-sources",
        2,
    ),
    (
        {
            "pip.conf": f"[global]\nindex-url={INSIDE}\n",
            "requirements.txt": f"--extra-index-url {PUBLIC}\n",
        },
        (),
        "merged-sources",
        1,
    ),
    # uv
    ({"uv.toml": f'[[index]]\nurl = "{INSIDE}"\n'}, (), None, 0),
    (
        {"uv.toml": f'extra-index-url = ["{INSIDE}"]\nindex-strategy = "unsafe-best-match"\n'},
        (),
        "strategy-overridden",
        2,
    ),
    (
        {"uv.toml": f'[[index]]\nurl = "{INSIDE}"\nignore-error-codes = [403]\n'},
        (),
        "fallback-to-public",
        2,
    ),
    (
        {"uv.toml": f'[[index]]\nname = "in"\nurl = "{INSIDE}"\nexplicit = true\n'},
        ("a",),
        "mapping-misses-name",
        3,
    ),
    (
        {
            "pyproject.toml": f'[[tool.uv.index]]\nname = "in"\nurl = "{INSIDE}"\nexplicit = true\n[tool.uv.sources]\nA_b = {{ index = "in" }}\n'
        },
        ("a-b",),
        None,
        0,
    ),
    (
        {
            "pyproject.toml": f'[[tool.uv.index]]\nname = "out"\nurl = "{PUBLIC}"\n[tool.uv.sources]\nab = {{ index = "out" }}\n'
        },
        ("ab",),
        "mapping-points-to-public",
        5,
    ),
    (
        {"uv.toml": f'index-url = "{INSIDE}"\n[pip]\nextra-index-url = ["{PUBLIC}"]\n'},
        (),
        "public-first",
        3,
    ),
    (
        {"uv.toml": f'index-url = "{INSIDE}"\nallow-insecure-host = ["h.acme.test"]\n'},
        (),
        "insecure-transport",
        2,
    ),
]


@pytest.mark.parametrize(("texts", "names", "rule", "line"), CASES, ids=range(len(CASES)))
def test_case(
    rules_of: Rules, texts: dict[str, str], names: tuple[str, ...], rule: str | None, line: int
) -> None:
    found = rules_of(texts, *names)
    assert [(one, at) for one, _, at in found] == ([(rule, line)] if rule else [])


def test_hosts_that_are_not_known_are_not_guessed() -> None:
    texts = {
        "pip.conf": "[global]\nindex-url=https://a.example/s\nextra-index-url=https://b.example/s\n"
    }
    faults, unknown = judge(texts, parse([]), frozenset())
    assert faults == []
    assert len(unknown) == 1
    assert "a.example, b.example" in unknown[0].message
    assert "--internal-host" in unknown[0].message
    settled, rest = judge(texts, parse([]), frozenset({"a.example"}))
    assert ([one.rule for one in settled], rest) == (["merged-sources"], [])
    assert judge(texts, parse([]), frozenset({"a.example", "b.example"})) == ([], [])


@pytest.mark.parametrize("tool", ["poetry", "pdm"])
def test_sources_that_are_not_judged_are_unknown(tool: str) -> None:
    texts = {"pyproject.toml": f'[[tool.{tool}.source]]\nname = "in"\nurl = "{INSIDE}"\n'}
    faults, unknown = judge(texts, parse([]), frozenset())
    assert faults == []
    assert f"sources of {tool} are not judged" in unknown[0].message
