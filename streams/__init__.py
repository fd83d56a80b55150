"""What runs without a caller: one module a stream, a schedule or an asynchronous invocation.

Each decodes its event, calls one room of `chalice_app` and reports what failed. What the streams
share is in `records` and `batch`. Nothing in `chalice_app` imports these.
"""
