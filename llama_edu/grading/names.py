"""Names of students as names of files."""

import hashlib
import re

MAX_BYTES = 100
RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)),
}


def file_name(student: str) -> str:
    """A student's name as a file may be called on every system; no two names give the same.

    Where letters must be replaced, and where a name could be taken for such a one, eight digits of
    its hash follow.
    """
    safe = re.sub(r"[^\w.@+ -]", "_", student).strip(" .") or "_"
    is_plain = safe == student and len(safe.encode()) <= MAX_BYTES
    looks_made = re.search(r"-[0-9a-f]{8}$", safe) or safe.partition(".")[0].lower() in RESERVED
    if is_plain and not looks_made:
        return safe
    short = safe.encode()[:MAX_BYTES].decode(errors="ignore").replace(".", "_")
    return f"{short}-{hashlib.sha256(student.encode()).hexdigest()[:8]}"
