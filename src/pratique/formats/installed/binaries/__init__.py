"""Executables that carry a list of what they were built from: Go build info, cargo-auditable.

``sections`` finds the parts of ELF, PE and Mach-O files, ``golang`` and
``rust`` read the lists, ``read`` is the reader.
"""
