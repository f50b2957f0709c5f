"""The requests of OpenIM v3, a module for each module of views (protocol v0.0.73-alpha.12 *.proto).

A request declares fields that nothing reads if a value of the wrong type in them is refused.
"""
