"""The mandatory tests of CSAF, section 6.1 of versions 2.0 and 2.1, one function each.

:data:`ABSENT` names the tests that are not here, with the reason.
"""
