"""The cache's tool: `python -m infra.cache stats|purge|warm`."""
