"""Fixing what was found: one plan, proven by real resolvers, over one project or many.

planning, targets   a bill of health → the fewest upgrades, each target looked up
proving, projects   upgrades made in a copy by the resolver that owns the project
service, cli        ``pratique fix``: plan, draft, prove, apply
universe, resolving, strategies
                    the same decisions over a described universe, without a registry
"""
