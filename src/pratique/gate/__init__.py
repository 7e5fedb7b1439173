"""The gate: a registry proxy that lets in only what policy admits.

Package managers ask it instead of their registries.  ``pypi`` and ``npm`` read
an index, ``judging`` decides on every version in it, what is refused
disappears; ``depot`` brings, verifies and keeps artifacts; ``log`` is the
hash-chained record of every decision.  ``fetch`` alone calls out.  Nothing is
imported here, so that the command line starts quickly.
"""
