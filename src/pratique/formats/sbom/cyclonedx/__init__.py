"""CycloneDX, ECMA-424 from version 1.6 on: a bill of materials and the vulnerabilities in it."""
