"""Controls of the consumer (S2C2F): what can be checked of them, and the checks.

``configs`` holds the check of package-manager configurations (ENF-1).
"""
