"""What a py-libp2p peer does at a rendezvous point.

py-libp2p 0.8.1 speaks a draft of the protocol in which field 2 of a registration is the peer's bare id and addresses. Since
2021 it is a signed peer record (js, rust and the specification), and whoever reads one as the other finds rubbish. The two
functions below put the record there, sealed and opened by py-libp2p itself; all else is its own client: streams, lengths,
time to live, cookies, and what it makes of an answer's status.
"""

from libp2p.discovery.rendezvous import client
from libp2p.discovery.rendezvous.client import RendezvousClient
from libp2p.discovery.rendezvous.pb.rendezvous_pb2 import Message
from libp2p.peer.envelope import consume_envelope
from libp2p.peer.id import ID
from libp2p.peer.peerstore import env_to_send_in_RPC

DRAFT = client.create_register_message, client.parse_peer_info


class MeetingPoint:
    """The calls of a rendezvous client, as py-libp2p has them or as the specification says."""

    def __init__(self, host):
        self.host = host

    def _client(self, peer, draft=False):
        if draft:
            client.create_register_message, client.parse_peer_info = DRAFT
        else:
            client.create_register_message, client.parse_peer_info = self._with_record, opened
        return RendezvousClient(self.host, ID.from_string(peer))

    def _with_record(self, namespace, peer_id, addrs, ttl):
        envelope, _ = env_to_send_in_RPC(self.host)
        message = Message(type=Message.REGISTER)
        message.register.ns = namespace
        message.register.ttl = ttl
        # The envelope's fields that the draft does not know are kept, and written again.
        message.register.peer.ParseFromString(envelope)
        return message

    async def register(self, peer, namespace, ttl, draft=False):
        return await self._client(peer, draft).register(namespace, ttl)

    async def unregister(self, peer, namespace):
        await self._client(peer).unregister(namespace)
        return True

    async def discover(self, peer, namespace, limit, cookie=""):
        """Who is in the namespace, and the cookie for the next page."""
        peers, cookie = await self._client(peer).discover(namespace, limit, bytes.fromhex(cookie))
        found = [{"id": str(info.peer_id), "addresses": [str(a) for a in info.addrs]} for info in peers]
        return {"peers": found, "cookie": cookie.hex()}


def opened(peer_info):
    """The peer and addresses of a registration's signed record, whose signature is checked."""
    _, record = consume_envelope(peer_info.SerializeToString(), "libp2p-peer-record")
    return record.peer_id, record.addrs
