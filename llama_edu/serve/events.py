"""Server-sent events: how a server sends a text while it is still being written.

Each event is a line `data: ...` and an empty line. The network cuts the bytes where it likes.

Source: WHATWG HTML standard, "Server-sent events".
"""

import codecs
import json
from collections.abc import Iterable, Iterator
from typing import Any

END = "[DONE]"  # OpenAI's mark that nothing follows


def event(content: Any) -> str:
    """One event as it is sent: of a text as it is, of anything else the JSON."""
    data = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    return f"data: {data}\n\n"


def read_events(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield the data of each event as soon as it is whole; one that is cut off is dropped.

    read_events([b"data: a\\n", b"\\ndata: b\\n\\n"]) -> "a", "b"

    Args:
        chunks: bytes as the network hands them over, cut anywhere, within a character too.
    """
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    held, data, ends_in_return = "", [], False
    for chunk in chunks:
        text = decoder.decode(chunk)
        if ends_in_return and text.startswith("\n"):  # the other half of a line end
            text = text[1:]
        if text:
            ends_in_return = text.endswith("\r")
        *lines, held = (held + text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
        for line in lines:
            name, _, value = line.partition(":")
            if not line:
                if data:
                    yield "\n".join(data)
                data = []
            elif name == "data":
                data.append(value.removeprefix(" "))
