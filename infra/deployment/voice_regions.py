"""Where Amazon Polly speaks, and where it does so by its neural voices.

Polly has more regions than its neural engine, whose regions the SDK does not know: they are listed
here, as its documentation lists them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chalice_app.domain.dictation import FAIR
from chalice_app.synthesis.voices import ALL_GOOD, STANDARD, Voice, voices_of
from infra.deployment.record import Place

NEURAL: Final = frozenset(
    {
        *("us-east-1", "us-west-2", "ca-central-1", "af-south-1", "us-gov-west-1"),
        *("eu-central-1", "eu-west-1", "eu-west-2", "eu-west-3", "eu-south-2"),
        *("ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1"),
        *("ap-southeast-1", "ap-southeast-2", "ap-southeast-5"),
    }
)
"""The regions with neural voices, seen in November 2026. Source:
https://docs.aws.amazon.com/polly/latest/dg/neural-voices.html
"""

_OWN_ENDPOINTS: Final = ("AWS_ENDPOINT_URL_POLLY", "AWS_ENDPOINT_URL")
"""Settings that lead the functions to a Polly elsewhere."""


@dataclass(frozen=True)
class VoiceRegions:
    """What a stage's place and settings make of its voices.

    Args:
        session: a boto3 session.
        variables: that the stage's functions share.
        place: where the stage is deployed.
    """

    session: Any
    variables: Mapping[str, str]
    place: Place

    def can_speak(self) -> bool:
        """Whether the functions reach a Polly: the region's, or one that a setting names."""
        return self._is_led_elsewhere() or self.place.region in self._regions()

    def gap(self) -> str | None:
        """What to say of a stage that is not spoken as it might be; None where all is well.

        It keeps no stage from being deployed: captions need no voice.
        """
        if self.variables.get("VOICE_LANGUAGES") == "" or self._is_led_elsewhere():
            return None
        if not self.can_speak():
            return (
                f"the SDK knows no Polly in {self.place.region}: the stage has no voices; for "
                f"them, use one of {', '.join(self._regions())}"
            )
        if not self._has_neural_voices():
            return (
                f"Polly has no neural voices in {self.place.region}: sentences are spoken by its "
                "standard voices, and languages that have none are not spoken (VOICE_LANGUAGES)"
            )
        return None

    def languages(self) -> str | None:
        """VOICE_LANGUAGES for a stage that does not name them and has standard voices alone.

        None where the functions know by themselves, or nothing is spoken.
        """
        is_settled = "VOICE_LANGUAGES" in self.variables or self._is_led_elsewhere()
        if is_settled or not self.can_speak() or self._has_neural_voices():
            return None
        standard = (tag for tag in ALL_GOOD if any(_is_standard(each) for each in voices_of(tag)))
        return ",".join(f"{tag}={FAIR}" for tag in standard)

    def _has_neural_voices(self) -> bool:
        return self.place.region in NEURAL

    def _is_led_elsewhere(self) -> bool:
        return any(self.variables.get(name) for name in _OWN_ENDPOINTS)

    def _regions(self) -> Sequence[str]:
        return sorted(self.session.get_available_regions("polly", self.place.partition))


def _is_standard(voice: Voice) -> bool:
    return voice.engine == STANDARD
