"""Archives of packages, read where they lie: JAR, WAR and EAR files, wheels and eggs.

``members`` opens a ZIP file within limits, ``java`` and ``python`` are the readers.
"""
