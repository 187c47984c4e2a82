"""IP addresses that can be somebody's: not those of every house, of examples or of chapters."""

import ipaddress
import re

IPV4 = re.compile(
    r"(?<![\w.])(?<!version )(?P<it>(?:\d{1,3}\.){3}\d{1,3})(?!\w|\.\d)", re.IGNORECASE | re.ASCII
)
IPV6 = re.compile(
    r"(?<![\w:.])(?P<it>[23][0-9a-f]{3}:[0-9a-f:]{2,34})(?![\w:])", re.IGNORECASE | re.ASCII
)


def is_public(match: re.Match) -> bool:
    """Whether the address is valid and routed; private and documentation ranges are nobody's.

    An address whose four numbers are all below 10 is more likely a section or a version.
    """
    try:
        address = ipaddress.ip_address(match["it"])
    except ValueError:
        return False
    return address.is_global and not re.fullmatch(r"\d\.\d\.\d\.\d", match["it"])


MACHINES = (("IP", IPV4, is_public), ("IP", IPV6, is_public))
