"""Amazon Transcribe streaming, or a recogniser that speaks its protocol: presigned addresses.

botocore has no client for Transcribe's streams, but it has the signer of query strings. Source:
https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-websocket
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest

from chalice_app.aws.clients import Clients

_SERVICE = "transcribe"
_PATH = "/stream-transcription-websocket"


@dataclass(frozen=True)
class TranscribeStreams:
    """`ports.Recogniser` on StartStreamTranscription over WebSocket."""

    clients: Clients

    def presign(self, endpoint: str, language_code: str, sample_rate: int, seconds: int) -> str:
        """Signs with this function's own credentials as they are now, without any request.

        An address is good for no longer than those credentials are.
        """
        query = urlencode(
            {
                "language-code": language_code,
                "media-encoding": "pcm",
                "sample-rate": sample_rate,
                "enable-partial-results-stabilization": "true",
                "partial-results-stability": "high",
            }
        )
        # As HTTP's: browsers leave a scheme's usual port out of Host, and the signer knows these.
        address = endpoint.replace("ws", "http", 1)
        request = AWSRequest("GET", f"{address}{_PATH}?{query}")
        signer = SigV4QueryAuth(
            self.clients.credentials(), _SERVICE, self.clients.region, expires=seconds
        )
        signer.add_auth(request)
        return str(request.url).replace("http", "ws", 1)
