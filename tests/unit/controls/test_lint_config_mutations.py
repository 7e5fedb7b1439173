"""Damaged configurations: one clear outcome, never a traceback, never a hang."""

from __future__ import annotations

import random
import time

from pratique.controls.configs.models import Fault, Unreadable
from pratique.controls.configs.names import parse
from pratique.controls.configs.rules import RULES
from pratique.controls.configs.service import judge

INSIDE = "https://in.acme.test/feed/"
SEEDS = {
    "pip.conf": f"[global]\nindex-url = {INSIDE}\nextra-index-url =\n  https://out.example/s\n",
    "requirements.txt": f"--index-url {INSIDE}\n--require-hashes\nx==1\n",
    "uv.toml": f'index-strategy = "first-index"\n[[index]]\nname = "in"\nurl = "{INSIDE}"\ndefault = true\n[pip]\nno-index = false\n',
    "pyproject.toml": f'[tool.uv.sources]\na = [{{ index = "in" }}]\n[[tool.uv.index]]\nname = "in"\nurl = "{INSIDE}"\nexplicit = true\n',
    ".npmrc": f"@acme:registry={INSIDE}\nacme:registry=x\n",
    ".yarnrc.yml": f"npmScopes:\n  acme:\n    npmRegistryServer: '{INSIDE}'\nunsafeHttpWhitelist: [a]\n",
    "pnpm-workspace.yaml": f"packages: ['p/*']\nregistries:\n  default: {INSIDE}\n  '@a': x\ncatalog: {{u: 'workspace:*'}}\n",
    "p/a/package.json": '{"name": "a", "dependencies": {"u": "^1 || >=2 <3"}}',
    "p/u/package.json": '{"name": "u", "version": "1.2.3"}',
    "settings.xml": f"<settings><mirrors><mirror><mirrorOf>*,!x</mirrorOf><url>{INSIDE}</url></mirror></mirrors><profiles><profile><id>p</id><repositories><repository><id>c</id><url>u</url></repository></repositories></profile></profiles></settings>",
    "build.gradle": f"repositories {{ exclusiveContent {{ forRepository {{ maven {{ url '{INSIDE}' }} }}\nfilter {{ includeGroupByRegex 'a.*' }} }}\n mavenCentral() }}",
    "nuget.config": f'<configuration><packageSources><clear/><add key="a" value="{INSIDE}"/></packageSources><packageSourceMapping><packageSource key="a"><package pattern="A.*"/></packageSource></packageSourceMapping></configuration>',
    ".cargo/config.toml": f'[source.crates-io]\nreplace-with = "m"\n[source.m]\nregistry = "{INSIDE}"\n[registries.r]\nindex = "x"\n',
    "Cargo.toml": '[dependencies]\na = { version = "1", registry = "r" }\nb = "1"\n',
    "go.env": f"GOPROXY={INSIDE}|direct\nGOPRIVATE=a.test/*,b\n",
    "composer.json": f'{{"repositories": {{"a": {{"type": "composer", "url": "{INSIDE}"}}, "built-in": false}}}}',
    "Gemfile": f'source "{INSIDE}"\nsource :rubygems do\nend\n',
    "Dockerfile": f"ENV GOPROXY={INSIDE}\nRUN pip install \\\n --index-url {INSIDE} && curl x | sh\n",
}
NAMES = parse(["a", "@acme/ui", "com.acme:x", "a.test/b", "p.q (plugin)", "acme/x"])
JUNK = (
    "",
    "{",
    "}",
    "[",
    "]",
    '"',
    "'",
    "=",
    ":",
    "\n",
    "\\",
    "<a>",
    "&x;",
    "\0",
    "é",
    "://",
    "http://[",
    "${X}",
    "false",
    "1e9",
    "[[index]]",
    "(" * 99,
    "{" * 99,
)


def mutated(chance: random.Random, text: str) -> str:
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(text))
        kind = chance.randrange(4)
        if kind == 0:
            text = text[:at] + chance.choice(JUNK) + text[at:]
        elif kind == 1:
            text = text[:at] + text[at + chance.randint(1, 12) :]
        elif kind == 2:
            other = chance.choice(list(SEEDS.values()))
            text = text[:at] + other[chance.randint(0, len(other)) :]
        else:
            stop = min(len(text), at + chance.randint(1, 30))
            text = text[:stop] + text[at:stop] + text[stop:]
    return text


def test_mutations_give_outcomes() -> None:
    chance = random.Random(8)
    seen: set[str] = set()
    for _ in range(60):
        for path, text in SEEDS.items():
            texts = {**({} if chance.random() < 0.5 else SEEDS), path: mutated(chance, text)}
            faults, unknown = judge(texts, NAMES, frozenset())
            assert all(isinstance(one, Fault) and one.rule in RULES for one in faults)
            assert all(isinstance(one, Unreadable) and one.message for one in unknown)
            seen.update(one.rule for one in faults)
    assert len(seen) >= 8


def test_hostile_shapes_end_soon() -> None:
    started = time.process_time()
    deep = 100_000
    shapes = {
        "build.gradle": "repositories " + "{" * 5_000,
        "settings.xml": "<a>" * 5_000,
        "uv.toml": "a = " + "[" * 5_000,
        "package.json": "[" * deep,
        ".yarnrc.yml": "a: " + "[" * 5_000,
        ".npmrc": "=" * deep,
        "pip.conf": " " * deep + "=" + "\n[" * 1_000,
        "Gemfile": "source " * 20_000,
        "Dockerfile": "curl " * 10_000 + "\n" + "pip install " * 3_000 + "\\\n" * 3_000,
        "go.env": "GOPROXY=" + "|," * 20_000,
    }
    faults, unknown = judge(shapes, NAMES, frozenset())
    assert {one.path for one in unknown} >= {
        "build.gradle",
        "settings.xml",
        "uv.toml",
        ".yarnrc.yml",
    }
    assert isinstance(faults, list)
    assert time.process_time() - started < 30
