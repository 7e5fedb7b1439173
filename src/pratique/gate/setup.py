"""What a package manager is to be told so that it asks the gate, and nobody else."""

from __future__ import annotations

from pratique.model.errors import UsageError


def setup(client: str, gate: str) -> str:
    """Configuration of a client, ready to be put where its first line says.

    Args:
        client: One of :data:`CLIENTS`.
        gate: Address of the gate.

    Raises:
        UsageError: The gate serves nothing to that client.
    """
    text = _TEXTS.get(client)
    if text is None:
        raise UsageError(
            f"there is no configuration for {client[:40]!r}.",
            remedy=f"There is one for {', '.join(CLIENTS)}.",
        )
    return text.replace("{gate}", gate.rstrip("/"))


_TEXTS = {
    "pip": """\
# pip.conf, in /etc or ~/.config/pip; remove every extra-index-url and find-links
[global]
index-url = {gate}/pypi/simple/
""",
    "uv": """\
# uv.toml, in /etc/uv or ~/.config/uv; a project's own indexes come before it
[[index]]
url = "{gate}/pypi/simple/"
default = true
""",
    "npm": """\
# .npmrc, in the project, ~ or npm's global prefix
registry={gate}/npm/
replace-registry-host=always
""",
    "cargo": """\
# config.toml, in ~/.cargo or .cargo of the project
[source.crates-io]
replace-with = "gate"

[source.gate]
registry = "sparse+{gate}/crates/"
""",
    "go": """\
# go env -w, or the environment; without ",direct", which would go past the gate
GOPROXY={gate}/go
GONOPROXY=
""",
}

CLIENTS = tuple(_TEXTS)
"""Clients that there is a configuration for."""
