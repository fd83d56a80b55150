"""Deployment, operation and the local stage. Never part of a function's zip.

Each command is a module or a package with `__main__`; none imports another. infra/README.md has
those of operators, docs/CONTRIBUTING.md those of developers. What they share is below them in the
import contract: `stage_options` (which stage), `interruption` (Ctrl-C), `deployment`, `install`,
`chromium`.
"""
