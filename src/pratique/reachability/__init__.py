"""Which vulnerable packages the code checked can reach, read from sources alone.

Nothing is imported, built or run.  Python: the static import graph of the
project and of what is installed for it.  Go and Rust, where an advisory names
packages and functions: whether their sources are there, are imported, and
whether the functions are named.  Each answer comes with its evidence and can
be written as a VEX *draft* for a person to judge; it dismisses nothing.
"""

from pratique.reachability.models import Answer, Report, State

__all__ = ["Answer", "Report", "State"]
