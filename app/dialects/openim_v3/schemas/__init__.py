"""The requests of OpenIM v3, a module for each module of views (protocol v0.0.73-alpha.12 *.proto).

Unused fields are declared because a value of the wrong type in them is an error.
"""
