"""Files of our own, which are whole at any time, whenever a program is ended."""

from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Replace a file by a text: it is the old one until the new one is done.

    Args:
        path: of the file; its folder is made if need be.
        text: written as UTF-8, with the line ends of Unix.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8", newline="\n")
    part.replace(path)
