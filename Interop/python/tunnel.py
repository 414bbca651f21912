"""A door into the inside of a libp2p connection, for tests that break the rules there.

It listens on a port of its own, which it prints as {"event": "started", "port": …}. For each connection accepted there
it dials the target, performs the security handshake with a fresh identity, negotiates the muxer and from then on copies
bytes both ways: whoever connected writes and reads the muxer's raw frames. It ends when standard input does.
"""

import argparse
import json
import logging
import sys

import multiaddr
import trio

from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.crypto.x25519 import create_new_key_pair as create_new_x25519_key_pair
from libp2p.io.trio import TrioTCPStream
from libp2p.network.connection.raw_connection import RawConnection
from libp2p.peer.peerinfo import info_from_p2p_addr
from libp2p.protocol_muxer.multiselect_client import MultiselectClient
from libp2p.protocol_muxer.multiselect_communicator import MultiselectCommunicator
from libp2p.security.noise.transport import PROTOCOL_ID as NOISE, Transport as Noise
from libp2p.security.tls.transport import PROTOCOL_ID as TLS, TLSTransport

HANDSHAKE_LIMIT_SECONDS = 20


async def secure_connection(options):
    """A connection to the target on which the muxer has been agreed."""
    address = multiaddr.Multiaddr(options.target)
    info = info_from_p2p_addr(address)
    stream = await trio.open_tcp_stream(address.value_for_protocol("ip4"), int(address.value_for_protocol("tcp")))
    raw = RawConnection(TrioTCPStream(stream), True)
    key_pair = create_new_key_pair()
    if options.security == "noise":
        protocol = NOISE
        security = Noise(key_pair, noise_privkey=create_new_x25519_key_pair().private_key)
    else:
        protocol = TLS
        security = TLSTransport(key_pair)
    negotiation = MultiselectClient()
    await negotiation.select_one_of([protocol], MultiselectCommunicator(raw), HANDSHAKE_LIMIT_SECONDS)
    secure = await security.secure_outbound(raw, info.peer_id)
    if options.muxer:
        await negotiation.select_one_of([options.muxer], MultiselectCommunicator(secure), HANDSHAKE_LIMIT_SECONDS)
    return secure


async def serve(options, local):
    try:
        with trio.fail_after(HANDSHAKE_LIMIT_SECONDS):
            remote = await secure_connection(options)
    except Exception as error:
        logging.warning("no connection to %s: %r", options.target, error)
        await local.aclose()
        return

    async def outward():
        async for data in local:
            await remote.write(data)

    async def inward():
        while data := await remote.read():
            await local.send_all(data)

    async def until_the_end(copy, nursery):
        try:
            await copy()
        except Exception as error:
            logging.info("the connection to %s ended: %r", options.target, error)
        nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(until_the_end, outward, nursery)
        nursery.start_soon(until_the_end, inward, nursery)
    with trio.move_on_after(1, shield=True):
        await remote.close()
    await local.aclose()


async def main(options):
    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        port = listeners[0].socket.getsockname()[1]
        nursery.start_soon(trio.serve_listeners, lambda local: serve(options, local), listeners)
        print(json.dumps({"event": "started", "port": port}), flush=True)
        while await trio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True):
            pass
        nursery.cancel_scope.cancel()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", help="multiaddr of the node, with its peer id")
    parser.add_argument("--security", choices=["noise", "tls"], default="noise")
    parser.add_argument("--muxer", help="protocol id of the muxer; without it the connection is handed over before")
    return parser.parse_args()


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    trio.run(main, arguments())
