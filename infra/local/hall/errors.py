"""Why there is no hall, in one line."""


class HallError(Exception):
    """The hall cannot be what was asked for; the message says why, and what to do about it."""
