"""Checksums and hashes that are taken later come to what zlib and hashlib say."""

import hashlib
import zlib

import pytest

from acd_service.sums import Crc32, Sha256

SIZES = (0, 1, 15, 16, 63, 64, 65, 127, 128, 129, 200, 1_000, 4_099, 100_003)


def _bytes(size: int) -> bytes:
    return hashlib.shake_128(size.to_bytes(8, "little")).digest(size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("start", [0, 1, 0xDEADBEEF, 2**32 - 1])
def test_a_checksum_is_that_of_zlib(size: int, start: int) -> None:
    content = _bytes(size)
    assert Crc32(content, start).taken() == zlib.crc32(content, start)
    assert Crc32(content).taken() == zlib.crc32(content)


@pytest.mark.parametrize("size", SIZES)
def test_a_hash_is_that_of_hashlib(size: int) -> None:
    parts = (_bytes(size), b"", b"between", _bytes(size + 1))
    assert Sha256(*parts).taken() == hashlib.sha256(b"".join(parts)).digest()
    assert len(Sha256(*parts)) == 32


def test_a_hash_may_be_over_hashes_that_are_not_taken_yet() -> None:
    inner, deeper = Sha256(b"inner"), Sha256(Sha256(b"deepest"))
    found = Sha256(b"a", inner, deeper, b"z").taken()
    deepest = hashlib.sha256(hashlib.sha256(b"deepest").digest()).digest()
    assert found == hashlib.sha256(b"a" + hashlib.sha256(b"inner").digest() + deepest + b"z").digest()
    assert inner.taken() == hashlib.sha256(b"inner").digest()


def test_it_is_taken_once() -> None:
    checksum, hashed = Crc32(b"content", 7), Sha256(b"content")
    assert checksum.taken() == checksum.taken()
    assert hashed.taken() == hashed.taken()


@pytest.mark.parametrize("part", ["text", bytearray(b"x"), None, 1])
def test_what_is_no_bytes_is_not_summed(part: object) -> None:
    with pytest.raises(TypeError):
        Sha256(b"a", part)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Crc32(part)  # type: ignore[arg-type]


@pytest.mark.parametrize("start", [-1, 2**32])
def test_a_start_that_is_no_checksum_is_refused(start: int) -> None:
    with pytest.raises(OverflowError):
        Crc32(b"a", start)
