"""WeCom's seal around a callback: who may have written it, and what is inside (WECOM.md section 5.3)."""

import base64
import hashlib
import hmac
import re
import secrets
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 16
_PADDED_TO = 32
"""The seal is padded to twice the block of AES, so that the last byte says 1 to 32."""
_RANDOM = 16
_LENGTH = struct.Struct(">I")

_KEY_LENGTH = 43
_KEY = re.compile(r"[0-9A-Za-z+/]+")


class CryptoError(Exception):
    """A seal that does not fit: forged, damaged, or somebody else's; it tells nothing of the content."""


def bad_key(text: str) -> str:
    """Return what is wrong with an EncodingAESKey and where to get the right one; empty if it can be used."""
    if len(text) == _KEY_LENGTH and _KEY.fullmatch(text):
        return ""
    wrong = f"现在是 {len(text)} 个" if len(text) != _KEY_LENGTH else "现在有别的字符"
    return (
        f"EncodingAESKey 应是 {_KEY_LENGTH} 个字母或数字，{wrong}："
        "请到管理后台「应用管理 → 该应用 → 接收消息 → 设置API接收」重新复制"
    )


class Crypt:
    """Seals and opens with one token and key; ``receive_id`` is the corp id, empty for an AI bot."""

    def __init__(self, token: str, aes_key43: str, receive_id: str) -> None:
        if fault := bad_key(aes_key43):
            raise CryptoError(fault)
        if not token:
            raise CryptoError("没有 Token：没有它，谁都可以冒充企业微信")
        # The two bits over are not always zero, and not looked at here.
        key = base64.b64decode(aes_key43 + "=")
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:_BLOCK]))
        self._token = token
        self.receive_id = receive_id

    def signature(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """Return what only somebody with the token can have written under these three."""
        together = "".join(sorted([self._token, timestamp, nonce, encrypted]))
        return hashlib.sha1(_bytes(together), usedforsecurity=False).hexdigest()

    def is_signed(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> bool:
        """Tell whether a signature is right, in a time that does not tell how much of it is."""
        right = self.signature(timestamp, nonce, encrypted)
        return hmac.compare_digest(_bytes(right), _bytes(signature))

    def open(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> bytes:
        """Return what is under a seal; raise CryptoError if the signature or anything inside is wrong."""
        if not self.is_signed(signature, timestamp, nonce, encrypted):
            raise CryptoError("wrong signature")
        return self.decrypted(encrypted)

    def decrypted(self, encrypted: str) -> bytes:
        """Return what is inside, the signature being right; raise CryptoError if it is not for us."""
        try:
            blocks = base64.b64decode(encrypted, validate=True)
        except ValueError:
            raise CryptoError("not base64") from None
        if not blocks or len(blocks) % _BLOCK:
            raise CryptoError("AES blocks are missing")
        decryptor = self._cipher.decryptor()
        inside = _unpadded(decryptor.update(blocks) + decryptor.finalize())
        begins = _RANDOM + _LENGTH.size
        if len(inside) < begins:
            raise CryptoError("too short")
        (length,) = _LENGTH.unpack_from(inside, _RANDOM)
        if length > len(inside) - begins:
            raise CryptoError("wrong length")
        if not hmac.compare_digest(inside[begins + length :], _bytes(self.receive_id)):
            raise CryptoError("for another corp")
        return inside[begins : begins + length]

    def seal(
        self, message: bytes, timestamp: str, nonce: str, *, random: bytes | None = None
    ) -> tuple[str, str]:
        """Return a message encrypted, and its signature; ``random`` is 16 bytes nobody can foresee."""
        head = secrets.token_bytes(_RANDOM) if random is None else random
        inside = head + _LENGTH.pack(len(message)) + message + _bytes(self.receive_id)
        more = _PADDED_TO - len(inside) % _PADDED_TO
        encryptor = self._cipher.encryptor()
        blocks = encryptor.update(inside + bytes([more]) * more) + encryptor.finalize()
        encrypted = base64.b64encode(blocks).decode()
        return encrypted, self.signature(timestamp, nonce, encrypted)


def _unpadded(padded: bytes) -> bytes:
    more = padded[-1]
    if not 1 <= more <= _PADDED_TO or padded[-more:] != bytes([more]) * more:
        raise CryptoError("wrong padding")
    return padded[:-more]


def _bytes(text: str) -> bytes:
    # What is compared may come from anybody; half a surrogate pair is wrong, but no accident.
    return text.encode("utf-8", "surrogatepass")
