"""Installed trees: what package managers left on a disk."""

from __future__ import annotations

from pratique.formats.base import Kind, Reader

READERS: tuple[Reader, ...] = (
    Reader(
        name="node_modules",
        title="installed npm packages",
        kind=Kind.INSTALLED,
        ecosystem="npm",
        files=("node_modules/*/package.json", "node_modules/@*/*/package.json"),
        read="pratique.formats.installed.node:read",
        link="pratique.formats.installed.node:link",
    ),
    Reader(
        name="python-metadata",
        title="installed Python distributions: wheel and egg metadata",
        kind=Kind.INSTALLED,
        ecosystem="PyPI",
        files=(
            "*.dist-info/METADATA",
            "*.egg-info/PKG-INFO",
            "EGG-INFO/PKG-INFO",
            "*.egg-info",
        ),
        read="pratique.formats.installed.python:read",
        sniff="pratique.formats.installed.python:is_metadata",
        link="pratique.formats.installed.python:link",
    ),
)
