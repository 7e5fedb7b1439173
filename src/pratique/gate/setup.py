"""What a package manager is to be told so that it asks the gate, and nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pratique.model.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


class Client(NamedTuple):
    """Configuration of one package manager."""

    file: str
    """Path below the folder that it is written to."""

    text: str


def setup(client: str, gate: str, *, token: bool = False) -> str:
    """Configuration of a client, ready to be put where its first line says.

    Args:
        client: One of :data:`CLIENTS`.
        gate: Address of the gate.
        token: Whether the gate wants one; it is never in the text, which says where it is
            taken from.

    Raises:
        UsageError: The gate serves nothing to that client, or the address is none.
    """
    found = _CLIENTS.get(client)
    if found is None:
        raise UsageError(
            f"there is no configuration for {client[:40]!r}.",
            remedy=f"There is one for {', '.join(CLIENTS)}.",
        )
    return _filled(_with_token(client, found.text) if token else found.text, gate)


def write(client: str, gate: str, folder: Path, *, token: bool = False) -> Path:
    """Write the configuration of a client into a folder, and return its path.

    Args:
        client: One of :data:`CLIENTS`.
        gate: Address of the gate.
        folder: The project's, or the home folder.
        token: See :func:`setup`.

    Raises:
        UsageError: See :func:`setup`; or there is a file with another content,
            which is for its owner to merge.
    """
    text = setup(client, gate, token=token)
    path = folder / _CLIENTS[client].file
    try:
        if path.exists():
            if path.read_text(encoding="utf-8") == text:
                return path
            raise UsageError(
                f"{path} exists, and says something else.",
                remedy=f"Merge it with what 'pratique gate setup {client}' prints.",
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be written: {error}.") from None
    return path


def _with_token(client: str, text: str) -> str:
    """The text with where a token is taken from."""
    if client in {"npm", "pnpm"}:
        return text + "//{host}/npm/:_authToken=${PRATIQUE_GATE_TOKEN}\n"
    if client == "yarn":
        return text + 'npmAuthToken: "${PRATIQUE_GATE_TOKEN}"\nnpmAlwaysAuth: true\n'
    if client == "cargo":
        return _CARGO_REGISTRY
    if client == "maven":
        return text.replace("  <mirrors>", f"{_MAVEN_SERVERS}  <mirrors>")
    if client in _NETRC:
        return f"{_NETRC[client]}{text}"
    raise UsageError(
        f"how {client} gets a token depends on the build.",
        remedy="Mount a netrc and an .npmrc as secrets: RUN --mount=type=secret.",
    )


_NETRC = {
    client: f"# and in {file}, mode 600: machine {{name}} login token password TOKEN{more}\n"
    for client, file, more in (
        ("pip", "~/.netrc", ""),
        ("uv", "~/.netrc", ""),
        ("go", "~/.netrc", "\n# (go sends it over https only)"),
    )
}

_CARGO_REGISTRY = """\
# config.toml, in ~/.cargo or .cargo of the project; the token is taken from
# CARGO_REGISTRIES_GATE_TOKEN, or from credentials.toml ([registries.gate] token = "…")
[source.crates-io]
replace-with = "gate"

[registries.gate]
index = "sparse+{gate}/crates/"

[registry]
global-credential-providers = ["cargo:token"]
"""

_MAVEN_SERVERS = """\
  <servers>
    <server>
      <id>gate</id>
      <username>token</username>
      <password>${env.PRATIQUE_GATE_TOKEN}</password>
    </server>
  </servers>
"""


def _filled(text: str, gate: str) -> str:
    """The text with the address, which must not be able to write anything else into it."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(gate)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or not gate.isprintable() or set(gate) & set(" \"'<>&\\$`{}"):
        raise UsageError(
            f"{gate[:80]!r} is not the address of a gate.",
            remedy="Write it like https://gate.example.test.",
        )
    host = parts.netloc.rpartition("@")[2]
    plain = parts.scheme == "http"
    lines = [
        line.partition("# http only: ")[2] if line.startswith("# http only: ") else line
        for line in text.splitlines(keepends=True)
        if plain or not line.startswith("# http only: ")
    ]
    return (
        "".join(lines)
        .replace("{gate}", gate.rstrip("/"))
        .replace("{host}", host)
        .replace("{name}", parts.hostname or "")
    )


_NPM = """\
registry={gate}/npm/
replace-registry-host=always
"""

_CLIENTS = {
    "pip": Client(
        ".config/pip/pip.conf",
        """\
# pip.conf, in /etc or ~/.config/pip; remove every extra-index-url and find-links
[global]
index-url = {gate}/pypi/simple/
# http only: trusted-host = {host}
""",
    ),
    "uv": Client(
        ".config/uv/uv.toml",
        """\
# uv.toml, in /etc/uv, ~/.config/uv or the project; a project's own indexes come before it
[[index]]
url = "{gate}/pypi/simple/"
default = true
""",
    ),
    "npm": Client(
        ".npmrc",
        f"# .npmrc, in the project, ~ or npm's global prefix; remove every other registry\n{_NPM}",
    ),
    "yarn": Client(
        ".yarnrc.yml",
        """\
# .yarnrc.yml, in the project or ~ (Yarn 2 and later; Yarn 1 reads what npm's setup prints)
npmRegistryServer: "{gate}/npm"
# http only: unsafeHttpWhitelist: ["{name}"]
""",
    ),
    "pnpm": Client(".npmrc", f"# .npmrc, in the project or ~, for pnpm\n{_NPM}"),
    "cargo": Client(
        ".cargo/config.toml",
        """\
# config.toml, in ~/.cargo or .cargo of the project
[source.crates-io]
replace-with = "gate"

[source.gate]
registry = "sparse+{gate}/crates/"
""",
    ),
    "go": Client(
        ".config/go/env",
        """\
# go env -w, or the environment; without ",direct", which would go past the gate
GOPROXY={gate}/go
GONOPROXY=
GOPRIVATE=
""",
    ),
    "maven": Client(
        ".m2/settings.xml",
        """\
<?xml version="1.0" encoding="UTF-8"?>
<!-- settings.xml, in ~/.m2 or conf of Maven; the mirror is of every repository, in POMs too -->
<settings>
  <mirrors>
    <mirror>
      <id>gate</id>
      <mirrorOf>*</mirrorOf>
      <url>{gate}/maven</url>
    </mirror>
  </mirrors>
</settings>
""",
    ),
    "docker-build": Client(
        "gate.Dockerfile",
        """\
# In a Dockerfile, after FROM: what its package managers ask while the image is built
ENV PIP_INDEX_URL={gate}/pypi/simple/ \\
    UV_DEFAULT_INDEX={gate}/pypi/simple/ \\
    npm_config_registry={gate}/npm/ \\
    npm_config_replace_registry_host=always \\
    YARN_NPM_REGISTRY_SERVER={gate}/npm \\
    GOPROXY={gate}/go \\
    GONOPROXY=
# http only: ENV PIP_TRUSTED_HOST={host}
# Maven and cargo read files; --mount=type=secret or a later RUN rm keeps them out of the image
RUN mkdir -p "$HOME/.m2" "${CARGO_HOME:-$HOME/.cargo}" \\
    && printf '%s\\n' '<settings><mirrors><mirror><id>gate</id><mirrorOf>*</mirrorOf>' \\
       '<url>{gate}/maven</url></mirror></mirrors></settings>' > "$HOME/.m2/settings.xml" \\
    && printf '%s\\n' '[source.crates-io]' 'replace-with = "gate"' '[source.gate]' \\
       'registry = "sparse+{gate}/crates/"' > "${CARGO_HOME:-$HOME/.cargo}/config.toml"
""",
    ),
}

CLIENTS = tuple(_CLIENTS)
"""Clients that there is a configuration for."""
