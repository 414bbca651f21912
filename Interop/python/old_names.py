"""How the JavaScript of 2020 read what it was sent: one name that it does not know, and all of an answer is lost."""

import base58
import multiaddr
from libp2p.bitswap.cid import parse_cid

# The protocols of js-multiaddr 8.1.2.
PROTOCOLS = {
    "ip4", "tcp", "dccp", "ip6", "ip6zone", "dns", "dns4", "dns6", "dnsaddr", "sctp", "udp", "p2p-webrtc-star",
    "p2p-webrtc-direct", "p2p-stardust", "p2p-circuit", "udt", "utp", "unix", "ipfs", "p2p", "https", "onion",
    "onion3", "garlic64", "quic", "ws", "wss", "p2p-websocket-star", "http", "memory",
}


def old_cid(text):
    """A CID of version 0 or 1; a peer id in base 58 counts as one of version 0, whatever its hash function."""
    if not isinstance(text, str) or not text:
        raise ValueError(f"{text!r} is no CID")
    if text[0] in "1Q":
        check_multihash(base58.b58decode(text))
    else:
        parse_cid(text)
    return text


def check_multihash(hash):
    """Function and length of one byte each, as those of all keys and nearly all content are."""
    if len(hash) < 3 or hash[0] not in (0x00, 0x12) or hash[1] != len(hash) - 2:
        raise ValueError(f"{hash.hex()} is no multihash")


def old_address(text):
    """An address that js-multiaddr 8 can read."""
    for protocol in multiaddr.Multiaddr(text).protocols():
        if protocol.name not in PROTOCOLS:
            raise ValueError(f"no protocol with name: {protocol.name}")
    return text
