"""VEX: who says that a vulnerability does not matter here, and why.

Statements of OpenVEX, CSAF, CycloneDX and SPDX 3 are put in order, matched
against what was checked, and applied: a finding's status changes and says by
which statement, by whom, signed or not, and when.  No finding is ever deleted,
and what contradicts is shown.
"""

from pratique.vex.engine import Outcome, apply, assess
from pratique.vex.loading import Loaded, load
from pratique.vex.merging import merge
from pratique.vex.scene import Scene, Target

__all__ = ["Loaded", "Outcome", "Scene", "Target", "apply", "assess", "load", "merge"]
