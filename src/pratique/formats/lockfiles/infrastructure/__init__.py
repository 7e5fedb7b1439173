"""What builds and infrastructure are made with: workflows and providers."""

from __future__ import annotations

from pratique.formats.base import Kind, Reader

READERS: tuple[Reader, ...] = (
    Reader(
        name="github-actions",
        title="workflows and composite actions of GitHub, with the actions they use",
        kind=Kind.MANIFEST,
        ecosystem="GitHub Actions",
        files=(
            *(".github/workflows/*.yml", ".github/workflows/*.yaml"),
            *("action.yml", "action.yaml"),
        ),
        read="pratique.formats.lockfiles.infrastructure.github_actions:read",
    ),
    Reader(
        name=".terraform.lock.hcl",
        title="Terraform's and OpenTofu's lockfile of providers",
        kind=Kind.LOCKFILE,
        files=(".terraform.lock.hcl",),
        read="pratique.formats.lockfiles.infrastructure.terraform_lock:read",
    ),
)
"""The formats of this room."""
