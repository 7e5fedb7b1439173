"""What is done to a bill of materials as a document: enriched, redacted, signed, built of evidence.

It stands above ``inventory``, ``provenance`` and ``licenses``, each of which it
uses: enriching judges licences, signing and SBOMit verify signatures.
"""
