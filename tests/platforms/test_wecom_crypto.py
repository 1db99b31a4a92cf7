"""WeCom's seal agrees with Tencent's samples and two other implementations, and opens for nobody else's."""

import base64
import random
import struct

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from wechatpy.enterprise.crypto import WeChatCrypto
from wx_crypt import WXBizMsgCrypt

from bot.platforms.wecom.crypto import Crypt, CryptoError, bad_key
from bot.platforms.wecom.envelope import encrypted

TOKEN = "QDG6eK"  # noqa: S105 -- Tencent's sample
KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
CORP = "wx5823bf96d3bd56c7"
CRYPT = Crypt(TOKEN, KEY, CORP)

# WECOM.md section 11.
V1 = (
    CRYPT,
    "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
    "1409659589",
    "263014780",
    "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==",
)
V2 = (
    CRYPT,
    "477715d11cdb4164915debcba66cb864d751f3e6",
    "1409659813",
    "1372623149",
    (
        "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/s"
        "YYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJ"
        "YuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGU"
        "callcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDY"
        "A5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
    ),
)
V3 = (
    Crypt("123456", "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR", "wx49f0ab532d5d035a"),
    "dd6b9c95b495b3f7e2901bfbc76c664930ffdb96",
    "1411443780",
    "437374425",
    "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q==",
)
V4 = (
    Crypt(TOKEN, KEY, ""),
    "6cd81d1bc75d999e918bd5affc18aeb7bca07d3c",
    "1700000000",
    "n0",
    (
        "sKqRbbiSUnDhFHOvPjtUMRBd2AXnpT7QcZVDMOOwDiOKff9hIJ5YnoUoNz2q56H8BqZQ8FOYpd9aP/becRCBgG4ekIsHjQULA7shUOEd"
        "ePKPb7z0VUyYEQnmf3gfonx+l2FqOvkWoIkOYM66hq3MmYmj9y4sxE+jZA/+ZbtXK7IGFAuCHMrbFBbdF6C2NTWAuA/tDerKbpIUfG+D"
        "9Ku8mg=="
    ),
)
V4_PLAIN = (
    '{"msgid":"M1","aibotid":"B1","chattype":"single","from":{"userid":"u1"},'
    '"msgtype":"text","text":{"content":"你好"}}'
)
Vector = tuple[Crypt, str, str, str, str]


@pytest.mark.parametrize(
    ("vector", "plain"),
    [(V1, "1616140317555161061"), (V3, "5927782489442352469"), (V4, V4_PLAIN)],
    ids=["V1", "V3", "V4"],
)
def test_the_samples_open(vector: Vector, plain: str) -> None:
    crypt, *sealed = vector

    assert crypt.open(*sealed).decode() == plain


def test_the_sample_message_opens() -> None:
    crypt, *sealed = V2

    message = crypt.open(*sealed).decode()

    for element in (
        "<FromUserName><![CDATA[mycreate]]></FromUserName>",
        "<Content><![CDATA[hello]]></Content>",
        "<MsgId>4561255354251345929</MsgId>",
        "<AgentID>218</AgentID>",
    ):
        assert element in message


def test_with_the_same_random_bytes_the_seal_is_the_samples() -> None:
    crypt, signature, timestamp, nonce, sealed = V4

    assert crypt.seal(V4_PLAIN.encode(), timestamp, nonce, random=b"0123456789abcdef") == (sealed, signature)


def test_two_seals_of_one_message_differ() -> None:
    assert CRYPT.seal(b"1", "1", "1") != CRYPT.seal(b"1", "1", "1")


def test_what_we_seal_others_open_and_what_they_seal_we_open() -> None:
    dice = random.Random(20261123)
    theirs = WeChatCrypto(TOKEN, KEY, CORP)
    tencents = WXBizMsgCrypt(TOKEN, KEY, CORP)
    for length in [*range(70), *(dice.randrange(5001) for _ in range(160)), 5000]:
        words = "".join(dice.choices(["a", "进度", "😀", "]]>", "<", "&", "\n", "\u202e"], k=length))
        message = words.encode()[:length].decode(errors="ignore").encode()
        timestamp, nonce = str(dice.randrange(2**31)), str(dice.randrange(2**31))

        sealed, signature = CRYPT.seal(message, timestamp, nonce)
        by_them = theirs.decrypt_message({"Encrypt": sealed}, signature, timestamp, nonce)
        envelope = f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        by_tencent = tencents.DecryptMsg(envelope, signature, timestamp, nonce)

        assert by_them == message.decode()
        assert by_tencent == (0, message)
        for reply in (
            theirs.encrypt_message(message.decode(), nonce, timestamp),
            tencents.EncryptMsg(message, nonce, timestamp)[1],
        ):
            foreign = encrypted(reply.encode())
            assert (
                CRYPT.open(CRYPT.signature(timestamp, nonce, foreign), timestamp, nonce, foreign) == message
            )
            assert f"[{CRYPT.signature(timestamp, nonce, foreign)}]" in reply


def test_a_seal_is_padded_to_32_bytes_with_a_whole_block_when_it_is_aligned() -> None:
    overhead = 16 + 4 + len(CORP)
    for length in range(100):
        sealed, _ = CRYPT.seal(b"x" * length, "1", "1")

        assert len(base64.b64decode(sealed)) == (overhead + length) // 32 * 32 + 32


def test_a_seal_with_any_byte_changed_does_not_open() -> None:
    _, *sealed = V1
    for place, part in enumerate(sealed):
        for at, letter in enumerate(part):
            other = "0" if letter != "0" else "1"
            changed = [*sealed[:place], part[:at] + other + part[at + 1 :], *sealed[place + 1 :]]

            with pytest.raises(CryptoError, match="signature"):
                CRYPT.open(*changed)


@pytest.mark.parametrize(
    "signature", ["", "5c45", "5C45FF5E21C57E6AD56BAC8758B79B1D9AC89FD3", "签名", "\ud800"]
)
def test_a_signature_of_another_form_is_wrong_and_nothing_worse(signature: str) -> None:
    _, _, *rest = V1

    with pytest.raises(CryptoError, match="signature"):
        CRYPT.open(signature, *rest)


def _sealed(inside: bytes) -> str:
    """Encrypt with our key what nobody but a test would."""
    key = base64.b64decode(KEY + "=")
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(inside) + encryptor.finalize()).decode()


def _framed(length: int, rest: bytes) -> bytes:
    return b"r" * 16 + struct.pack(">I", length) + rest


def _padded(inside: bytes) -> bytes:
    more = 32 - len(inside) % 32
    return inside + bytes([more]) * more


GOOD = _padded(_framed(2, b"hi" + CORP.encode()))
WHOLE = base64.b64decode(_sealed(GOOD))


def test_what_a_test_seals_by_hand_opens() -> None:
    assert CRYPT.decrypted(_sealed(GOOD)) == b"hi"


@pytest.mark.parametrize(
    ("sealed", "reason"),
    [
        ("", "blocks"),
        ("不是", "base64"),
        ("AAAA AAAA", "base64"),
        ("A", "base64"),
        (base64.b64encode(WHOLE[:-1]).decode(), "blocks"),
        (base64.b64encode(WHOLE[:-16]).decode(), "padding"),
        (base64.b64encode(WHOLE[:16]).decode(), "padding"),
        (_sealed(GOOD[:-1] + b"\0"), "padding"),
        (_sealed(GOOD[:-1] + b"\x21"), "padding"),
        (_sealed(GOOD[:-2] + b"\0" + GOOD[-1:]), "padding"),
        (_sealed(GOOD[: -GOOD[-1]] + b"\0" + GOOD[1 - GOOD[-1] :]), "padding"),
        (_sealed(GOOD[:40] + b"\x28" * 40), "padding"),
        (_sealed(b"\x20" * 16), "padding"),
        (_sealed(b"\x20" * 32), "short"),
        (_sealed(_padded(b"r" * 19)), "short"),
        (_sealed(_padded(_framed(2**32 - 1, b"hi" + CORP.encode()))), "length"),
        (_sealed(_padded(_framed(2 + len(CORP) + 1, b"hi" + CORP.encode()))), "length"),
        (_sealed(_padded(_framed(1, b"hi" + CORP.encode()))), "corp"),
        (_sealed(_padded(_framed(3, b"hi" + CORP.encode()))), "corp"),
        (_sealed(_padded(_framed(2, b"hi"))), "corp"),
        (_sealed(_padded(_framed(2, b"hi" + CORP.encode()[:-1]))), "corp"),
        (_sealed(_padded(_framed(2, b"hi" + CORP.encode() + b"0"))), "corp"),
        (_sealed(_padded(_framed(2, b"hiwx0000000000000000"))), "corp"),
    ],
    ids=range(23),
)
def test_a_right_signature_over_a_wrong_inside_does_not_open_it(sealed: str, reason: str) -> None:
    with pytest.raises(CryptoError, match=reason):
        CRYPT.open(CRYPT.signature("1", "1", sealed), "1", "1", sealed)


def test_another_key_or_another_corp_opens_nothing() -> None:
    sealed, _ = CRYPT.seal(b"hi", "1", "1")

    for other in (Crypt(TOKEN, "a" * 43, CORP), Crypt(TOKEN, KEY, ""), Crypt(TOKEN, KEY, f"{CORP}0")):
        with pytest.raises(CryptoError):
            other.decrypted(sealed)


def test_bits_over_at_the_end_of_a_key_do_no_harm() -> None:
    same_key = {Crypt(TOKEN, KEY[:-1] + last, CORP).decrypted(V1[4]) for last in "ABCD"}

    assert same_key == {b"1616140317555161061"}


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("", "0 个"),
        (KEY[:-1], "42 个"),
        (f"{KEY}=", "44 个"),
        (f"{KEY}\n", "44 个"),
        (f"{KEY[:-1]}-", "别的字符"),
        (f"{KEY[:-1]} ", "别的字符"),
        (f"{KEY[:-1]}码", "别的字符"),
    ],
)
def test_a_key_that_is_none_is_said_with_its_cure_and_not_shown(key: str, wrong: str) -> None:
    sentence = bad_key(key)

    assert wrong in sentence
    assert "重新复制" in sentence
    assert KEY[:10] not in sentence
    with pytest.raises(CryptoError, match="EncodingAESKey"):
        Crypt(TOKEN, key, CORP)


def test_a_good_key_has_nothing_wrong() -> None:
    assert bad_key(KEY) == ""


def test_without_a_token_anybody_could_sign_so_there_is_no_seal_without_one() -> None:
    with pytest.raises(CryptoError, match="Token"):
        Crypt("", KEY, CORP)


def test_a_seal_does_not_show_its_secrets() -> None:
    shown = repr(CRYPT) + repr(vars(CRYPT)["_cipher"])

    assert TOKEN not in shown
    assert KEY not in shown
