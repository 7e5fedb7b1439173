"""How good a bill of materials is: NTIA, CISA and BSI profiles, and a score of seven categories."""

from pratique.inventory.quality.profiles import CATEGORIES, PROFILES
from pratique.inventory.quality.service import Judged, Quality, Result, Shortfall, judge, sheet_of

__all__ = [
    "CATEGORIES",
    "PROFILES",
    "Judged",
    "Quality",
    "Result",
    "Shortfall",
    "judge",
    "sheet_of",
]
