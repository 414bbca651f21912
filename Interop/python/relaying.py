"""What a py-libp2p peer does at a relay of version 2: reserves a place, is reached through it, reaches others."""

import multiaddr
import trio

from libp2p.network.stream.exceptions import StreamEOF
from libp2p.peer.id import ID
from libp2p.relay.circuit_v2.config import RelayConfig, RelayRole
from libp2p.relay.circuit_v2.protocol import PROTOCOL_ID as HOP, CircuitV2Protocol
from libp2p.relay.circuit_v2.transport import CircuitV2Transport
from libp2p.tools.anyio_service import background_trio_service

BLOCK = 32768


class RelayClient:
    """Serves the stop protocol for as long as `run` runs, and makes the calls of a relay's client."""

    def __init__(self, host, search_seconds):
        """With `search_seconds` it asks every relay that it is connected to for a place, by itself, so often."""
        self.host = host
        self.search_seconds = search_seconds
        self.protocol = CircuitV2Protocol(host)
        roles = RelayRole.STOP | RelayRole.CLIENT
        config = RelayConfig(roles=roles, discovery_interval=search_seconds or 300)
        self.transport = CircuitV2Transport(host, self.protocol, config)

    async def run(self, task_status=trio.TASK_STATUS_IGNORED):
        async with trio.open_nursery() as self.nursery, background_trio_service(self.protocol):
            await self.protocol.event_started.wait()
            task_status.started()
            if self.search_seconds:
                async with background_trio_service(self.transport.discovery):
                    await trio.sleep_forever()
            await trio.sleep_forever()

    async def reserve(self, relay):
        """Asks a connected relay for a place, and keeps it."""
        peer = ID.from_string(relay)
        stream = await self.host.new_stream(peer, [HOP])
        granted = await self.transport.reserve(stream, peer, self.nursery)
        await stream.close()
        return granted

    async def found(self):
        """The relays at which the search got a place."""
        search = self.transport.discovery
        return [str(relay) for relay in search.get_relays() if search.get_relay_info(relay).has_reservation]

    async def dial(self, address):
        """Connects to the peer in which a circuit address ends, through the relay in it."""
        connection = await self.transport.dial(multiaddr.Multiaddr(address))
        return str(connection.muxed_conn.peer_id)


async def echo(stream):
    """Sends back what comes until the other side has said all."""
    try:
        while block := await stream.read(BLOCK):
            await stream.write(block)
    except StreamEOF:
        pass
    await stream.close()


async def exchange(stream, content):
    """Sends `content` to an echoing peer while it reads it back, and tells whether it came back unchanged."""

    async def send():
        for start in range(0, len(content), BLOCK):
            await stream.write(content[start : start + BLOCK])

    received = bytearray()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(send)
        while len(received) < len(content):
            received += await stream.read(BLOCK)
    await stream.close()
    return received == content
