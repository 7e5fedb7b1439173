"""Lockfiles of the Erlang virtual machine: mix of Elixir, rebar3 of Erlang."""

from __future__ import annotations

from pratique.formats.base import Kind, Reader

READERS: tuple[Reader, ...] = (
    Reader(
        name="mix.lock",
        title="Elixir lockfile",
        kind=Kind.LOCKFILE,
        ecosystem="Hex",
        files=("mix.lock",),
        read="pratique.formats.lockfiles.elixir.mix_lock:read",
        sniff="pratique.formats.lockfiles.elixir.mix_lock:sniff",
    ),
    Reader(
        name="rebar.lock",
        title="Erlang lockfile of rebar3",
        kind=Kind.LOCKFILE,
        ecosystem="Hex",
        files=("rebar.lock",),
        read="pratique.formats.lockfiles.elixir.rebar_lock:read",
        sniff="pratique.formats.lockfiles.elixir.rebar_lock:sniff",
    ),
)
