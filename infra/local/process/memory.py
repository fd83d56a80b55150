"""Memory of processes that serve for hours: what is no longer needed goes back to the system.

The collector's thresholds are raised in both of them, for speed, so cycles lie about: botocore
makes some with every call, asyncio with every socket. Uncollected, up to 50,000 objects of them
are 4 MB, and their holes stay.
"""

import ctypes
import gc

# glibc alone has it; elsewhere the allocator is left to itself.
_malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", lambda _keep: None)


def keep() -> None:
    """What lives now lives for good (modules, botocore's models): no collection looks at it."""
    gc.collect()
    gc.freeze()


def release_unused() -> None:
    """Collect everything, and return what was freed. Takes 60 us a connection that is open."""
    gc.collect()
    _malloc_trim(0)
