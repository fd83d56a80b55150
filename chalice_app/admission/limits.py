"""What addresses, owners, sessions, connections and speakers may use."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

CHARACTER_BUDGET = 2_000_000
"""Characters that a session may have translated: $30 at Translate's $15 a million, an hour of talk
in thirty languages. Source: https://aws.amazon.com/translate/pricing/
"""

NEWCOMERS_PER_MINUTE = 1_000
"""Newcomers behind one address: a hall of a thousand comes in within one minute's window, however
it falls. One address that lies needs two to fill a session of 10,000: in the first it gets 1,000
resume tokens, and each is good for 20 handshakes a minute."""

SESSION_NEWCOMERS_PER_MINUTE = 6_000
"""Newcomers of one session: 100 a second, a fifth of the 500 new connections that API Gateway
admits an account, so that no session takes them all. Source:
https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
"""

GUESSES_PER_MINUTE = 10
"""Wrong names, codes and tokens of one address, and wrong codes of one session: a hall's few
mistypings. A code of four digits lasts 16 hours."""

RETURNS_PER_MINUTE = 20
"""Handshakes with one token: a page that loses its line tries no oftener."""

PREPARATIONS_PER_MINUTE = 30
"""Requests of one session to have up to 20 sentences translated beforehand: 600 sentences, as many
as its speaker may speak at ten a second."""

DICTATIONS_PER_HOUR = 20
"""Streams to the recogniser that one session may open: one every three minutes, where a good line
needs a new one after four hours. The protocol's limit."""

DICTATION_MINUTES = 300
"""Minutes that a session may dictate: $7.20 at Transcribe's $0.024, a day of talks with its
pauses. Source: https://aws.amazon.com/transcribe/pricing/
"""

TRANSCRIPTS_PER_MINUTE = 60
"""Transcripts of one session that its speaker may ask for: twice what a page needs that waits for a
translation (`transcripts.exporting.RETRY_AFTER_MS`)."""

LISTENERS_TRANSCRIPTS_PER_MINUTE = 120
"""Transcripts of one session that all others may ask for together. A two-hour talk's are 360 read
units each, of the 3,000 a second that its partition has and that a talk that goes on needs. Source:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
"""

TRANSCRIPTS_SHARE = 4
"""One part in so many of the budget is a purse of its own, for what listeners' transcripts have
translated: they spend nothing of the talk's."""

VOICE_BUDGET = 1_000_000
"""Characters that a session may have spoken: $16 with Polly's neural voices at $16 a million, a day
of talk in two languages. A sound that is there already is not counted. Source:
https://aws.amazon.com/polly/pricing/
"""

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class AdmissionLimits:
    """What an address, an owner, a session and a speaker may use; 0 means no limit.

    Those of newcomers, guesses, returns and sessions do not hold for the `unlimited_addresses`.
    A session may have less than `max_listeners` and `character_budget`, never more.
    """

    newcomers_per_minute: int = NEWCOMERS_PER_MINUTE
    session_newcomers_per_minute: int = SESSION_NEWCOMERS_PER_MINUTE
    guesses_per_minute: int = GUESSES_PER_MINUTE
    session_guesses_per_minute: int = GUESSES_PER_MINUTE
    returns_per_minute: int = RETURNS_PER_MINUTE
    sessions_per_hour: int = 50
    max_listeners: int = 10_000
    sentences_per_second: int = 10
    messages_per_second: int = 20
    character_budget: int = CHARACTER_BUDGET
    unlimited_addresses: tuple[Network, ...] = ()
    dictation_minutes: int = DICTATION_MINUTES
    voice_budget: int = VOICE_BUDGET
