"""Draws findings and bills of health for people and for machines.

:func:`render` turns a bill into the text of one output format.  The formats
are listed in :data:`OUTPUTS`; each is one module, imported when it is asked
for.  A caller that has more passes its own mapping: ``{**OUTPUTS, …}``.
"""

from pratique.report.outputs import OUTPUTS, Output, render

__all__ = ["OUTPUTS", "Output", "render"]
