"""Rebuild what is critical: build a published file again from its source, and compare.

The source distribution (or a checkout) is built in a sandbox without network,
with the build tools that the published file names, as of the day it was
published.  What comes out is compared member by member.
"""

from pratique.provenance.rebuild.models import Grade, Rebuilt

__all__ = ["Grade", "Rebuilt"]
