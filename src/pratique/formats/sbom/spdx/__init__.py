"""SPDX 2 (ISO/IEC 5962:2021 is 2.2.1): packages, files, and how they relate."""
