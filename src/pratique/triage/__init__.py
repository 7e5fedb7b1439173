"""What people decide about findings in the record, with the trail of who, when and why.

A judgement is a document of the record like any other: kept by its digest,
never changed, seen by its tenant alone.  A later one about the same finding
takes its place and names it; after its expiry it counts for nothing.  Questions
of the record (``pratique affected``) apply judgements as VEX statements.
"""

from pratique.triage.models import Judgement, State

__all__ = ["Judgement", "State"]
