"""Files that come in pieces over the socket (WECOM.md 2.8)."""

import base64
import binascii
import hashlib
import re
from collections import deque
from dataclasses import dataclass, field

from tests.wecom.socket_rules import MEDIA, Json, Refusal, Upload, required

LARGEST = {"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20, "file": 20 << 20}
SMALLEST = 5
LARGEST_CHUNK = 512 << 10
MOST_CHUNKS = 100
LIFE_OF_A_SESSION = 30 * 60.0
LIFE_OF_A_FILE = 3 * 24 * 3600.0


@dataclass(slots=True)
class Session:
    """A file of which pieces are still missing."""

    kind: str
    filename: str
    size: int
    count: int
    md5: str
    begun: float
    chunks: dict[int, bytes] = field(default_factory=dict)
    media_id: str = ""


class Uploads:
    """The bot's files; a session may go on over another connection of the same bot."""

    def __init__(self, per_minute: int | None) -> None:
        self.files: dict[str, Upload] = {}
        self.chunks: list[tuple[str, int]] = []
        self._sessions: dict[str, Session] = {}
        self._per_minute = per_minute
        self._begun: deque[float] = deque()

    def begin(self, body: Json, now: float) -> Json:
        """Open a session."""
        kind, name, md5 = (str(required(body, field)) for field in ("type", "filename", "md5"))
        size, count = body.get("total_size"), body.get("total_chunks")
        if kind not in MEDIA or len(name.encode()) > 256 or not re.fullmatch(r"[0-9a-f]{32}", md5):
            raise Refusal(40058, "type, filename or md5")
        if not isinstance(size, int) or not SMALLEST <= size <= LARGEST[kind]:
            raise Refusal(40058, "total_size")
        if not isinstance(count, int) or not 1 <= count <= MOST_CHUNKS or size > count * LARGEST_CHUNK:
            raise Refusal(40058, "total_chunks")
        while self._begun and now - self._begun[0] >= 60:
            self._begun.popleft()
        if self._per_minute is not None and len(self._begun) >= self._per_minute:
            raise Refusal(45009, "too many uploads")
        self._begun.append(now)
        upload_id = f"upload-{len(self._sessions) + 1}"
        self._sessions[upload_id] = Session(kind, name, size, count, md5, now)
        return {"upload_id": upload_id}

    def add(self, body: Json, now: float) -> Json:
        """Take a piece, for the second time if need be."""
        session, index = self._session(body, now), body.get("chunk_index")
        if not isinstance(index, int) or not 0 <= index < session.count:
            raise Refusal(40058, f"chunk_index must be 0 to {session.count - 1}")
        try:
            chunk = base64.b64decode(required(body, "base64_data"), validate=True)
        except (binascii.Error, TypeError):
            raise Refusal(40058, "base64_data") from None
        if len(chunk) > LARGEST_CHUNK:
            raise Refusal(40058, "chunk too large")
        session.chunks[index] = chunk
        self.chunks.append((str(body["upload_id"]), index))
        return {}

    def finish(self, body: Json, now: float) -> Json:
        """Put the pieces together; asked again, answer the same."""
        session = self._session(body, now)
        if not session.media_id:
            content = b"".join(session.chunks.get(index, b"") for index in range(session.count))
            if len(session.chunks) < session.count or len(content) != session.size:
                raise Refusal(40058, "chunks are missing")
            if hashlib.md5(content).hexdigest() != session.md5:  # noqa: S324 -- what WeCom asks for
                raise Refusal(40058, "md5 mismatch")
            session.media_id = f"media-{len(self.files) + 1}"
            self.files[session.media_id] = Upload(session.kind, session.filename, content, now)
        return {"type": session.kind, "media_id": session.media_id, "created_at": str(int(now))}

    def file(self, kind: str, payload: Json, now: float) -> Upload:
        """Return the file that a message names."""
        upload = self.files.get(str(required(payload, "media_id")))
        if upload is None or upload.kind != kind or now - upload.at > LIFE_OF_A_FILE:
            raise Refusal(40007, "invalid media_id")
        return upload

    def _session(self, body: Json, now: float) -> Session:
        session = self._sessions.get(str(required(body, "upload_id")))
        if session is None or now - session.begun > LIFE_OF_A_SESSION:
            raise Refusal(40058, "invalid upload_id")
        return session
