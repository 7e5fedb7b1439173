"""VEX in CycloneDX 1.4 to 1.7: ``vulnerabilities[].analysis``, read and written."""
