"""Deployment, operation and the local stage. Never part of a function's zip.

Each command is a module or a package with `__main__`, named in infra/README.md. They share
`stage_options` (which stage), `deployment`, `monitoring` and `cloudformation`; none imports
another.
"""
