"""Zips as strangers make them: names in any encoding, damaged entries, far too many files."""

import struct
import zipfile
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import IO, Any

MAX_ENTRIES = 100_000  # below one name at the top, or in one zip
ENTRY, ENTRY_BYTES = b"PK\x01\x02", 46  # of a zip's directory
HEADER, HEADER_BYTES = b"PK\x03\x04", 30  # before a member


class Refused(ValueError):
    """A file that is not read, and why."""


@lru_cache(maxsize=4)  # a class's, and the one in it that is being read
def archive_of(open_: Callable) -> zipfile.ZipFile:
    """The directory of a zip.

    Raises:
        Refused: if it cannot be read, or is far too long.
    """
    stream = _Plain(open_())
    try:
        archive = zipfile.ZipFile(stream, metadata_encoding="latin-1")
    except (Refused, OSError):
        raise
    except Exception as error:  # zipfile raises whatever reading damaged numbers leads to
        raise Refused(f"not a zip that can be read ({type(error).__name__})") from None
    stream.is_directory = False
    return archive


class _Plain:
    """A zip's bytes, but its directory does not claim that names are UTF-8.

    One name that is none would keep Python from reading all the others; so would an extra field
    that is cut off.
    """

    def __init__(self, stream: IO[bytes]):
        self._stream, self.is_directory = stream, True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def read(self, n: int = -1) -> bytes:
        data = self._stream.read(n)
        if n == HEADER_BYTES and data.startswith(HEADER):
            return data[:7] + bytes([data[7] & ~8]) + data[8:]
        if not (self.is_directory and data.startswith(ENTRY)):
            return data
        data, at, n_entries = bytearray(data), 0, 0
        while data[at : at + 4] == ENTRY and at + ENTRY_BYTES <= len(data):
            data[at + 9] &= ~8  # bit 11 of the flags: the name is UTF-8
            n_name, n_extra, n_comment = struct.unpack_from("<3H", data, at + 28)
            at += ENTRY_BYTES + n_name
            if n_extra >= 4 and not _is_whole(data[at : at + n_extra]):
                data[at : at + 4] = struct.pack("<2H", 0xFFFF, n_extra - 4)  # a field of no kind
            at += n_extra + n_comment
            n_entries += 1
            if n_entries > MAX_ENTRIES:
                raise Refused(f"a zip of more than {MAX_ENTRIES} files is not opened")
        return bytes(data)


def _is_whole(extra: bytes) -> bool:
    at = 0
    while at + 4 <= len(extra):
        at += 4 + struct.unpack_from("<H", extra, at + 2)[0]
    return at <= len(extra)


def name_of(member: zipfile.ZipInfo) -> str:
    raw = member.filename.encode("latin-1", "replace")
    try:
        name = raw.decode("utf-8")  # as macOS writes it, without saying so
    except UnicodeDecodeError:
        name = raw.decode("cp437")
    return name.replace("\\", "/")


def time_of(member: zipfile.ZipInfo) -> float:
    try:
        return datetime(*member.date_time).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0


def read_bytes(open_: Callable, size: int, most: int) -> bytes:
    """The bytes of a file, and never more than allowed, whatever size it says it has.

    Raises:
        Refused: if it is larger, or cannot be unpacked.
    """
    check_size(size, most)
    try:
        with open_() as stream:
            data = stream.read(most + 1)
    except (Refused, OSError):
        raise
    except Exception as error:  # zlib, lzma, bz2, struct and zipfile have errors of their own
        raise Refused(f"cannot be unpacked ({type(error).__name__})") from None
    check_size(len(data), most)
    return data


def check_size(size: int, most: int) -> None:
    if size > most:
        raise Refused(f"{size / 1e6:.0f} MB are more than the {most / 1e6:.0f} MB allowed")
