"""Lockfiles and manifests, one sub-room a language, one reader a file."""
