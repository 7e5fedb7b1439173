"""CSAF 2.0 and 2.1: the VEX profile read and written, documents checked by section 6.1."""
