"""The central words of Pratique: frozen structs without behaviour of their own.

Every room speaks in these; nothing here imports a room.  Nothing is imported
here either, so that the command line starts quickly: name the module you need.

========== =====================================================
module     words
========== =====================================================
nouns      Artifact, Source, Builder, License, Vulnerability
purl       Package
inventory  Component, Inventory, Reading, Location, Problem
advisory   Query, Answer, Match, Advisory
evidence   Evidence, Origin, the verbs
finding    Finding, Rule, Reference
severity   Severity
facts      Facts, Known, Unknown
decision   Decision, Verdict
bill       BillOfHealth and its parts
command    Command, as a room offers it to the command line
errors     the tree of errors and the exit codes
========== =====================================================
"""
