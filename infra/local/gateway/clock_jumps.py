"""Notices that the wall clock has left the machine's own: it was set, or the machine has slept.

Rows carry times of the clock before. A connection's row expires ten minutes after the gateway would
have ended the connection (`joining.CONNECTION_TTL_SECONDS`); after a leap it may expire under an
open socket, whose listener would then hear nothing and know nothing of it. And a machine that has
slept holds sockets that its clients gave up long ago.
"""

import asyncio
import time
from collections.abc import Callable

JUMP_SECONDS = 300.0
"""Half of those ten minutes. Less happens while a network sets a clock right, and harms nobody."""
LOOK_SECONDS = 2.0


async def watch_clock(
    on_jump: Callable[[float], None],
    wall: Callable[[], float] = time.time,
    own: Callable[[], float] = time.monotonic,
    look_seconds: float = LOOK_SECONDS,
) -> None:
    """Call `on_jump` with the seconds of each jump, for ever.

    `own` stands still while the machine sleeps, so that its sleep is a jump ahead.
    """
    difference = wall() - own()
    while True:
        await asyncio.sleep(look_seconds)
        former, difference = difference, wall() - own()
        if abs(difference - former) >= JUMP_SECONDS:
            on_jump(difference - former)
