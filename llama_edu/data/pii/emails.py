"""E-mail addresses, also in other alphabets and with (at) and (dot)."""

import re

# Chinese has no space before an address: an ideograph belongs to one only if all its parts are
# Chinese, as in 李雷@例子.中国.
HAN = "\u3400-\u9fff"
LETTER = rf"[^\W\d_{HAN}]"
SIGN = rf"[^\W_{HAN}]"
AT = r"(?:@| ?[\[(](?:at|@)[\])] ?)"
DOT = r"(?:\.| ?[\[(](?:dot|\.)[\])] ?)"
ADDRESS = re.compile(
    rf"(?<![^\W{HAN}])(?<![.+-])"
    rf"(?P<it>{SIGN}(?:(?:{SIGN}|[_.%+'-]){{0,62}}(?:{SIGN}|[_+-]))?"
    rf"{AT}(?:{SIGN}(?:(?:{SIGN}|-){{0,61}}{SIGN})?{DOT})+(?P<top>{LETTER}{{2,24}}))"
    rf"(?!{SIGN}|[_@]|-{SIGN}|:[\w~/])",  # user@host:path is a place of files
    re.IGNORECASE,
)
HAN_ADDRESS = re.compile(
    rf"(?<!\w)(?P<it>\w[\w.-]{{0,30}}@(?:[\w-]{{1,30}}\.)+[{HAN}]{{2,8}})(?!\w)"
)
# logo@2x.png: the picture for fine screens
FILE_ENDINGS = {"css", "gif", "html", "jpeg", "jpg", "js", "json", "png", "py", "svg", "webp"}


def is_address(match: re.Match) -> bool:
    """Whether the last part names a domain and not a kind of file."""
    return match["top"].lower() not in FILE_ENDINGS


EMAILS = (("EMAIL", ADDRESS, is_address), ("EMAIL", HAN_ADDRESS, lambda match: True))
