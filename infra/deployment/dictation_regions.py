"""Where Amazon Transcribe recognises streams: in fewer regions than Amazon Translate translates."""

from __future__ import annotations

from typing import Final

from botocore.loaders import create_loader
from botocore.regions import EndpointResolver

from chalice_app.settings import Settings
from infra.deployment.record import Place

_ENDPOINT: Final = "transcribestreaming"


def dictation_gap(settings: Settings, place: Place) -> str | None:
    """What to say of a stage whose recogniser is not there; None where nothing needs saying.

    It keeps no stage from being deployed: speakers have their browsers' recognisers, and can type.
    """
    if not settings.dictation_languages or f"//{_ENDPOINT}." not in settings.transcribe_url:
        return None
    # botocore has the endpoints of a service that it has no client for.
    resolver = EndpointResolver(create_loader().load_data("endpoints"))
    regions = resolver.get_available_endpoints(_ENDPOINT, partition_name=place.partition)
    if place.region in regions:
        return None
    return (
        f"the SDK knows no Transcribe streaming in {place.region}: speakers dictate by their "
        'browsers alone; set DICTATION_LANGUAGES to "", or use one of ' + ", ".join(sorted(regions))
    )
