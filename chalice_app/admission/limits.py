"""What addresses, owners, sessions and speakers may use."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

CHARACTER_BUDGET = 2_000_000
"""Characters that a session may have translated: $30 at Translate's $15 a million, an hour of talk
in thirty languages. Source: https://aws.amazon.com/translate/pricing/
"""

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class AdmissionLimits:
    """What an address, an owner, a session and a speaker may use; 0 means no limit.

    Those of an address do not hold for the `unlimited_addresses`: a hall behind one address, say.
    A session may have less than `max_listeners` and `character_budget`, never more.
    """

    connects_per_minute: int = 20
    joins_per_minute: int = 10
    sessions_per_hour: int = 50
    max_listeners: int = 10_000
    sentences_per_second: int = 10
    character_budget: int = CHARACTER_BUDGET
    unlimited_addresses: tuple[Network, ...] = ()
