"""Deployment, operation and the local stage. Never shipped in a function's zip."""
