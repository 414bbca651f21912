"""What a py-libp2p peer does to turn a relayed connection into a direct one (DCUtR).

py-libp2p 0.8.1 lets both ends of a relayed connection begin, two seconds after it is there, where the specification has
the accepting one alone begin. Here it begins when it is told to, so that a test knows who did.
"""

import trio

from libp2p.peer.id import ID
from libp2p.relay.circuit_v2 import dcutr
from libp2p.relay.circuit_v2.dcutr import DCUtRProtocol
from libp2p.relay.circuit_v2.pb.dcutr_pb2 import HolePunch
from libp2p.tools.anyio_service import background_trio_service


class HolePunching(DCUtRProtocol):
    """Answers for as long as `serve` runs, and notes which messages came."""

    def __init__(self, host):
        super().__init__(host)
        self.messages = []
        read = dcutr.read_dcutr_msg

        async def read_and_note(stream, kind):
            message = await read(stream, kind)
            self.messages.append(HolePunch.Type.Name(message.type))
            return message

        dcutr.read_dcutr_msg = read_and_note

    async def serve(self, task_status=trio.TASK_STATUS_IGNORED):
        async with background_trio_service(self):
            await self.event_started.wait()
            task_status.started()
            await trio.sleep_forever()

    async def _auto_drive_loop(self):
        await trio.sleep_forever()


class PunchingCalls:
    """The calls of a test."""

    def __init__(self, punching):
        self.punching = punching

    async def punch(self, peer):
        """Begins with a peer: whether py-libp2p's own dialling found a direct connection."""
        return await self.punching.initiate_hole_punch(ID.from_string(peer))

    async def is_connected(self, peer):
        return bool(self.punching.host.get_network().connections.get(ID.from_string(peer)))

    async def is_direct(self, peer):
        return await self.punching._verify_direct_connection(ID.from_string(peer))

    async def punching_messages(self):
        """The kinds of messages that came, in order."""
        return self.punching.messages
