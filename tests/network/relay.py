"""A Wi-Fi that loses packets and is slow: `python -m tests.network.relay TAP TAP MS PERCENT SEED`.

The two open files are network interfaces of two hosts (TAP): what leaves one comes in at the other,
after the delay, or never. Not every kernel has tc's netem; this needs /dev/net/tun alone. Ends when
its standard input does, and so with the process that started it.
"""

import asyncio
import os
import random
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final

_FRAME: Final = 65_536
_FRAMES_AT_ONCE: Final = 64
"""Then the other direction has its turn."""


def forward(
    source: int, target: int, delay_seconds: float, is_lost: Callable[[], bool]
) -> Callable[[], None]:
    """What to do when frames wait at the source."""
    loop = asyncio.get_running_loop()

    def deliver(frame: bytes) -> None:
        with suppress(OSError):  # the interface is down, or its queue is full: lost
            os.write(target, frame)

    def arrived() -> None:
        for _ in range(_FRAMES_AT_ONCE):
            try:
                frame = os.read(source, _FRAME)
            except OSError:
                return
            if not is_lost():
                loop.call_later(delay_seconds, deliver, frame)

    return arrived


async def relay(one: int, other: int, delay_seconds: float, loss: float, seed: int) -> None:
    """Until standard input ends."""
    loop, chance, ended = asyncio.get_running_loop(), random.Random(seed), asyncio.Event()
    for source, target in ((one, other), (other, one)):
        os.set_blocking(source, False)
        handle = forward(source, target, delay_seconds, lambda: chance.random() < loss)
        loop.add_reader(source, handle)
    loop.add_reader(sys.stdin.fileno(), ended.set)
    await ended.wait()


if __name__ == "__main__":
    one_tap, other_tap, delay_ms, loss_percent, chosen_seed = sys.argv[1:]
    asyncio.run(
        relay(
            int(one_tap),
            int(other_tap),
            float(delay_ms) / 1000,
            float(loss_percent) / 100,
            int(chosen_seed),
        )
    )
