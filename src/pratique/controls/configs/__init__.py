"""Package-manager configurations that allow confusion or bypass (S2C2F 1.1, ENF-1).

Each manager has a module that knows by which rules it chooses a source for a
name.  :func:`pratique.controls.configs.service.lint` walks a folder and asks
each of them about the internal names: can a public source ever answer?
"""
