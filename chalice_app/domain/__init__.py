"""Values and errors that every room speaks of; START with `session` and `sentence`.

Imported by all, imports nothing of the project.
"""
