"""What further package managers have installed: systems', languages' and applications'."""

from __future__ import annotations

from pratique.formats.base import Kind, Reader

_ROOM = "pratique.formats.installed.managers"

READERS: tuple[Reader, ...] = (
    Reader(
        name="pacman-desc",
        title="pacman's database of installed packages, a file a package",
        kind=Kind.INSTALLED,
        files=("var/lib/pacman/local/*/desc",),
        read=f"{_ROOM}.pacman:read",
    ),
    Reader(
        name="portage",
        title="Portage's database of installed packages (Gentoo)",
        kind=Kind.INSTALLED,
        files=("var/db/pkg/*/*/PF",),
        read=f"{_ROOM}.places:read_portage",
    ),
    Reader(
        name="homebrew",
        title="what Homebrew has installed, by its receipts",
        kind=Kind.INSTALLED,
        files=("Cellar/*/*/INSTALL_RECEIPT.json",),
        read=f"{_ROOM}.places:read_homebrew",
    ),
    Reader(
        name="nix-derivation",
        title="derivations in the store of Nix",
        kind=Kind.INSTALLED,
        files=("nix/store/*.drv",),
        read=f"{_ROOM}.nix:read_derivation",
    ),
    Reader(
        name="opam-switch",
        title="what opam has installed in a switch",
        kind=Kind.INSTALLED,
        ecosystem="opam",
        files=(".opam-switch/packages/*/opam",),
        read=f"{_ROOM}.places:read_opam",
    ),
    Reader(
        name="snap.yaml",
        title="installed snaps",
        kind=Kind.INSTALLED,
        files=("snap/*/*/meta/snap.yaml",),
        read=f"{_ROOM}.snap:read",
    ),
    Reader(
        name="conda-meta",
        title="what conda has installed in an environment",
        kind=Kind.INSTALLED,
        files=("conda-meta/*.json",),
        read=f"{_ROOM}.conda:read",
    ),
    Reader(
        name="r-library",
        title="R packages in a library",
        kind=Kind.INSTALLED,
        ecosystem="CRAN",
        files=(
            *("site-library/*/DESCRIPTION", "lib/R/library/*/DESCRIPTION"),
            *("R/library/*/DESCRIPTION", "renv/library/*/DESCRIPTION"),
        ),
        read=f"{_ROOM}.r_library:read",
    ),
    Reader(
        name="otp-application",
        title="applications of Erlang/OTP",
        kind=Kind.INSTALLED,
        files=("ebin/*.app",),
        read=f"{_ROOM}.otp:read",
    ),
    Reader(
        name="rockspec",
        title="rocks that LuaRocks has installed",
        kind=Kind.INSTALLED,
        files=("*.rockspec",),
        read=f"{_ROOM}.luarocks:read",
    ),
    Reader(
        name="swipl-pack",
        title="packs of SWI-Prolog",
        kind=Kind.INSTALLED,
        files=("*/pack.pl",),
        read=f"{_ROOM}.swipl:read",
    ),
    Reader(
        name="wordpress-plugin",
        title="plugins of WordPress",
        kind=Kind.INSTALLED,
        files=("wp-content/plugins/*/*.php",),
        read=f"{_ROOM}.wordpress:read",
    ),
    Reader(
        name="vcpkg-status",
        title="what vcpkg has installed",
        kind=Kind.INSTALLED,
        files=("vcpkg/status",),
        read=f"{_ROOM}.vcpkg:read",
    ),
    Reader(
        name="rpm-package",
        title="package files of rpm",
        kind=Kind.INSTALLED,
        files=("*.rpm",),
        read=f"{_ROOM}.rpm_file:read",
    ),
)
"""The formats of this room."""
