"""Names that people can read out in a hall: `golden-eagle-427`. A name, not a secret."""

import re
import secrets

ADJECTIVES = """
    amber ancient autumn azure bold brave bright bronze calm cheerful clear clever cosmic crimson
    crystal curious daring eager early elegant emerald fair gentle golden grand green happy hidden
    honest humble indigo ivory jolly keen kind lively lucky lunar mellow merry misty noble olive
    patient pearl polar proud quick quiet rapid royal ruby rustic scarlet serene silent silver
    solar steady sunny swift tender vivid warm wise
""".split()
NOUNS = """
    anchor badger beacon birch breeze bridge brook canyon castle cedar cliff comet coral crane
    creek delta dolphin eagle falcon fern field finch forest fountain galaxy garden glacier harbor
    hawk heron island lagoon lake lantern lark lily lion lynx maple meadow moon mountain oak ocean
    orchard otter owl panda peak pine planet prairie raven reef river robin sparrow spring star
    stone summit swan tiger valley willow wolf
""".split()

_PATTERN = re.compile(r"[a-z]{2,20}-[a-z]{2,20}-[1-9][0-9]{2}")


def new_session_name() -> str:
    """A random name out of about 4 million."""
    return f"{secrets.choice(ADJECTIVES)}-{secrets.choice(NOUNS)}-{100 + secrets.randbelow(900)}"


def is_session_name(text: str) -> bool:
    """Whether the text has a name's form; it says nothing about such a session existing."""
    return _PATTERN.fullmatch(text) is not None
