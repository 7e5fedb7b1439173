"""What RSTUF's API asks of a repository: payloads, tasks, and what each task does.

The HTTP side is in :mod:`pratique.surfaces.repository`.  Source: the OpenAPI document of
repository-service-tuf-api 1.0.1.  RSTUF signs the targets role with the online key and keeps
no content; so does a repository that is set up through here.
"""
