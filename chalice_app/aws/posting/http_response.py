"""One HTTP/1.1 response, read as it arrives: its status, and whether the socket can be used again.

Bodies are not needed here, so they are only counted off to find the next response's beginning.
Framing follows RFC 9112, section 6; a doubtful body costs the socket, never the status.
"""

import re

MAX_HEAD_BYTES = 16_384
"""Node, Apache and nginx admit 8 to 16 KiB of headers; API Gateway sends 0.3."""

MAX_BODY_BYTES = 65_536
"""A longer body is not read to its end: a new socket is cheaper."""

_BODY_UNTIL_CLOSE = -2
_CHUNKED = -1

_STATUS_LINE = re.compile(rb"http/1\.[01] ([1-5][0-9][0-9])[ \r]")
_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*(?=\r)")
_CLOSE = re.compile(rb"\r\nconnection:[^\r]*\bclose\b")
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?")


class MalformedResponseError(Exception):
    """The bytes are not an HTTP response."""


class Response:
    """The state of one response: `started` at its first byte, `status` 0 until its head is read."""

    __slots__ = ("_buffer", "_length", "keep_alive", "started", "status")

    def __init__(self) -> None:
        self.status = 0
        self.started = False
        self.keep_alive = False
        self._buffer = b""
        self._length = 0

    def feed(self, data: bytes) -> bool:
        """Takes what has arrived; True once nothing more is needed.

        Raises:
            MalformedResponseError: while the status is not known.
        """
        self.started = True
        self._buffer += data
        while not self.status:
            if not self._read_head():
                return False
        if not self.keep_alive:
            return True  # the status is all that matters, and nothing follows on this socket
        if self._length == _CHUNKED:
            return self._read_chunks()
        if len(self._buffer) > self._length:
            self.keep_alive = False  # more than was announced: the next response would be in doubt
        return len(self._buffer) >= self._length

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if (
                len(self._buffer) > MAX_HEAD_BYTES
                or self._buffer[:7] != b"HTTP/1."[: len(self._buffer)]
            ):
                raise MalformedResponseError("no HTTP head")
            return False
        head = self._buffer[: end + 2].lower()
        found = _STATUS_LINE.match(head)
        if found is None or found[1] == b"101":
            raise MalformedResponseError("no status line")
        self._buffer = self._buffer[end + 4 :]
        status = int(found[1])
        if status >= 200:  # an interim response (100 Continue) is passed over
            self.status = status
            self._read_framing(head)
        return True

    def _read_framing(self, head: bytes) -> None:
        lengths = set(_CONTENT_LENGTH.findall(head))
        if self.status in {204, 304}:
            self._length = 0
        elif b"\r\ntransfer-encoding:" in head:
            # Both framings at once is how responses are smuggled: the socket is given up.
            self._length = _BODY_UNTIL_CLOSE if lengths else _CHUNKED
        else:
            self._length = int(lengths.pop()) if len(lengths) == 1 else _BODY_UNTIL_CLOSE
        self.keep_alive = (
            head.startswith(b"http/1.1")
            and _BODY_UNTIL_CLOSE < self._length <= MAX_BODY_BYTES
            and not _CLOSE.search(head)
        )

    def _read_chunks(self) -> bool:
        """Drops whole chunks from the buffer; True at the last one, or at nonsense."""
        while (line_end := self._buffer.find(b"\r\n")) >= 0:
            size = _CHUNK_SIZE.fullmatch(self._buffer, 0, line_end)
            if size is None:
                return self._give_up()
            length = int(size[1], 16)
            if length == 0:
                return self._read_trailers(line_end)
            chunk_end = line_end + 2 + length
            if length > MAX_BODY_BYTES:
                return self._give_up()
            if len(self._buffer) < chunk_end + 2:
                return False
            if self._buffer[chunk_end : chunk_end + 2] != b"\r\n":
                return self._give_up()
            self._buffer = self._buffer[chunk_end + 2 :]
        return len(self._buffer) > MAX_HEAD_BYTES and self._give_up()

    def _read_trailers(self, line_end: int) -> bool:
        end = self._buffer.find(b"\r\n\r\n", line_end)
        if end < 0:
            return len(self._buffer) > MAX_HEAD_BYTES and self._give_up()
        if end + 4 < len(self._buffer):
            self.keep_alive = False
        return True

    def _give_up(self) -> bool:
        self.keep_alive = False
        return True
