"""Container images, read where they lie: OCI image layouts and ``docker save`` archives.

========== =================================================================
module     what it does
========== =================================================================
tar        the members of a tar archive, without extracting any
blobs      files of a layout folder or an archive, by name or digest
manifest   which image an index means, its layers and their history
layers     one layer unpacked into an unnamed file, with its digests checked
filesystem the layers one upon another, as a tree that readers can read
========== =================================================================

Layers are unpacked into temporary files without a name; no member ever gets
one, so that names in an archive can do no harm.
"""
