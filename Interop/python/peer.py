"""A py-libp2p peer driven through standard input and output, one JSON object a line.

It starts with the transport, security and muxer named on the command line and nothing else, so that a connection proves
that very combination. The first line it prints is {"event": "started", "id": …, "addresses": […]}. Then each request
{"call": NAME, …} is answered by one line: {"result": …} or {"error": text}. It ends when standard input does.
"""

import argparse
import json
import logging
import random
import ssl
import sys

import multiaddr
import trio

from libp2p import new_host
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.crypto.rsa import create_new_key_pair as create_new_rsa_key_pair
from libp2p.crypto.secp256k1 import create_new_key_pair as create_new_secp256k1_key_pair
from libp2p.crypto.x25519 import create_new_key_pair as create_new_x25519_key_pair
from libp2p.host.ping import PingService
from libp2p.identity.identify.identify import parse_identify_response
from libp2p.kad_dht.kad_dht import DHTMode, KadDHT
from libp2p.peer.id import ID
from libp2p.peer.peerinfo import info_from_p2p_addr
from libp2p.records.validator import BlankValidator
from libp2p.security.noise.transport import PROTOCOL_ID as NOISE, Transport as Noise
from libp2p.security.tls.transport import PROTOCOL_ID as TLS, TLSTransport
from libp2p.stream_muxer.mplex.mplex import MPLEX_PROTOCOL_ID as MPLEX, Mplex
from libp2p.stream_muxer.yamux.yamux import PROTOCOL_ID as YAMUX, Yamux
from libp2p.tools.anyio_service import background_trio_service

from exchanging import BlockExchange
from gossiping import Gossip
from meeting import MeetingPoint
from naming import NameServer
from punching import HolePunching, PunchingCalls
from relaying import RelayClient, echo, exchange

CALL_LIMIT_SECONDS = 60

LISTEN = {"tcp": "/ip4/127.0.0.1/tcp/0", "ws": "/ip4/127.0.0.1/tcp/0/ws"}
KEYS = {
    "ed25519": create_new_key_pair,
    "rsa": create_new_rsa_key_pair,
    "secp256k1": create_new_secp256k1_key_pair,
}


def make_host(options):
    key_pair = KEYS[options.key]()
    if options.security == "noise":
        security = {NOISE: Noise(key_pair, noise_privkey=create_new_x25519_key_pair().private_key)}
    else:
        security = {TLS: TLSTransport(key_pair)}
    muxers = {YAMUX: Yamux} if options.muxer == "yamux" else {MPLEX: Mplex}
    return new_host(
        key_pair=key_pair,
        sec_opt=security,
        muxer_opt=muxers,
        listen_addrs=listen_addresses(options),
        tls_client_config=ssl.create_default_context(cafile=options.trust) if options.trust else None,
    )


def listen_addresses(options):
    return [] if options.hidden else [multiaddr.Multiaddr(LISTEN[options.transport])]


def peer_description(info):
    return {"id": str(info.peer_id), "addresses": [str(address) for address in info.addrs]}


class Peer:
    """The calls that a test can make."""

    def __init__(self, host, dht, *parts):
        """Calls that are not of its own are those of its parts."""
        self.host = host
        self.dht = dht
        self.parts = parts

    async def connect(self, address):
        info = info_from_p2p_addr(multiaddr.Multiaddr(address))
        await self.host.connect(info)
        await self.dht.add_peer(info.peer_id, skip_server_mode_check=True)
        return str(info.peer_id)

    async def ping(self, peer, count):
        return await PingService(self.host).ping(ID.from_string(peer), count)

    async def identify(self, peer):
        stream = await self.host.new_stream(ID.from_string(peer), ["/ipfs/id/1.0.0"])
        answer = bytearray()
        while chunk := await stream.read(65536):
            answer += chunk
            length, prefix = read_varint(answer)
            if prefix and len(answer) >= prefix + length:
                break
        await stream.close()
        message = parse_identify_response(bytes(answer[: prefix + length]))
        return {
            "agent": message.agent_version,
            "protocolVersion": message.protocol_version,
            "protocols": list(message.protocols),
            "addresses": [str(multiaddr.Multiaddr(raw)) for raw in message.listen_addrs],
            "observed": str(multiaddr.Multiaddr(message.observed_addr)),
            "publicKey": message.public_key.hex(),
            "hasSignedRecord": bool(message.signedPeerRecord),
        }

    async def addresses(self, peer):
        """What the peer told of itself, in identify and in pushes of it."""
        return [str(address) for address in self.host.get_peerstore().addrs(ID.from_string(peer))]

    async def echo(self, peer, protocol, size):
        """Sends `size` bytes on a stream of an echoing protocol in blocks of 32 and tells how many came back equal."""
        stream = await self.host.new_stream(ID.from_string(peer), [protocol])
        block = bytes(range(32))
        same = 0
        for _ in range(size // 32):
            await stream.write(block)
            answer = bytearray()
            while len(answer) < 32:
                answer += await stream.read(32 - len(answer))
            same += 32 if answer == block else 0
        await stream.close()
        return same

    async def serve_echo(self, protocol):
        self.host.set_stream_handler(protocol, echo)
        return True

    async def exchange(self, peer, protocol, size):
        """Sends `size` bytes of junk on one stream of an echoing protocol: whether they all came back unchanged."""
        stream = await self.host.new_stream(ID.from_string(peer), [protocol])
        return await exchange(stream, random.Random(size).randbytes(size))

    async def find_peer(self, peer):
        """Asks the network, never the peer's own tables: an iterative lookup, then what it learned."""
        target = ID.from_string(peer)
        found = await self.dht.peer_routing.find_closest_peers_network(target.to_bytes())
        if target not in found:
            return None
        return {"id": peer, "addresses": [str(a) for a in self.host.get_peerstore().addrs(target)]}

    async def closest(self, key):
        return [str(peer) for peer in await self.dht.peer_routing.find_closest_peers_network(bytes.fromhex(key))]

    async def provide(self, key):
        return await self.dht.provider_store.provide(bytes.fromhex(key))

    async def find_providers(self, key):
        return [peer_description(info) for info in await self.dht.provider_store.find_providers(bytes.fromhex(key))]

    async def ask_providers(self, peer, key):
        """One GET_PROVIDERS request to one peer."""
        providers, _ = await self.dht.provider_store._get_providers_from_peer_with_closers(
            ID.from_string(peer), bytes.fromhex(key)
        )
        return [peer_description(info) for info in providers]

    async def put_value(self, key, value):
        await self.dht.put_value(key, bytes.fromhex(value))
        return True

    async def get_value(self, key):
        value = await self.dht.get_value(key)
        return value.hex() if value is not None else None

    async def store_at(self, peer, key, value):
        """One PUT_VALUE request to one peer; the key is binary."""
        return await self.dht.value_store._store_at_peer(
            ID.from_string(peer), bytes.fromhex(key), bytes.fromhex(value)
        )

    async def fetch_from(self, peer, key):
        """One GET_VALUE request to one peer; the key is binary."""
        value = await self.dht.value_store._get_from_peer(ID.from_string(peer), bytes.fromhex(key))
        return value.hex() if value is not None else None

    async def public_key(self):
        return self.host.get_public_key().serialize().hex()

    async def disconnect(self, peer):
        await self.host.disconnect(ID.from_string(peer))
        return True


def read_varint(data):
    """The value and length of the varint that starts `data`; length 0 while it is incomplete."""
    value = 0
    for index, byte in enumerate(data[:9]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, index + 1
    return 0, 0


def say(line):
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


async def answer(peer, request):
    name = request.pop("call")
    owners = [one for one in (peer, *peer.parts) if hasattr(one, name)]
    if name.startswith("_") or not owners:
        return {"error": f"no call named {name}"}
    try:
        with trio.fail_after(CALL_LIMIT_SECONDS):
            return {"result": await getattr(owners[0], name)(**request)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


async def main(options):
    if options.name_server:
        trio.socket.set_custom_hostname_resolver(NameServer(options.name_server))
    host = make_host(options)
    mode = DHTMode.SERVER if options.dht == "server" else DHTMode.CLIENT
    async with host.run(listen_addrs=listen_addresses(options)), trio.open_nursery() as nursery:
        dht = KadDHT(host, mode)
        for namespace in options.namespace:
            dht.register_validator(namespace, BlankValidator())
        async with background_trio_service(dht):
            relay = RelayClient(host, options.search)
            await nursery.start(relay.run)
            parts = [relay, MeetingPoint(host), BlockExchange(host, nursery)]
            if options.punch:
                punching = HolePunching(host)
                await nursery.start(punching.serve)
                parts.append(PunchingCalls(punching))
            if options.pubsub:
                gossip = Gossip(host, options.pubsub)
                await nursery.start(gossip.run)
                parts.append(gossip)
            say({"event": "started", "id": str(host.get_id()), "addresses": [str(a) for a in host.get_addrs()]})
            peer = Peer(host, dht, *parts)
            while line := await trio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True):
                say(await answer(peer, json.loads(line)))
        nursery.cancel_scope.cancel()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transport", choices=["tcp", "ws"], default="tcp")
    parser.add_argument("--security", choices=["noise", "tls"], default="noise")
    parser.add_argument("--trust", help="a file of certificates that WebSockets over TLS are trusted by")
    parser.add_argument("--name-server", help="whom to ask for names, instead of the system: HOST:PORT")
    parser.add_argument("--muxer", choices=["yamux", "mplex"], default="yamux")
    parser.add_argument("--dht", choices=["client", "server"], default="client")
    parser.add_argument("--key", choices=sorted(KEYS), default="ed25519")
    parser.add_argument("--namespace", action="append", default=[])
    parser.add_argument("--hidden", action="store_true", help="listen nowhere")
    parser.add_argument("--search", type=int, help="seconds from one search for a place at a relay to the next")
    parser.add_argument("--punch", action="store_true", help="look for direct connections beside relayed ones")
    parser.add_argument("--pubsub", action="append", default=[], help="a protocol of gossipsub, or that of floodsub")
    return parser.parse_args()


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    trio.run(main, arguments())
    # The thread that reads standard input may still be blocked in it.
    sys.stdout.flush()
