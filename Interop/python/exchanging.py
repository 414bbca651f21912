"""What a py-libp2p peer does in bitswap: it keeps blocks for others, and fetches theirs. It begins with the first call."""

from libp2p.bitswap.cid import parse_cid
from libp2p.bitswap.client import BitswapClient
from libp2p.peer.id import ID

FETCH_LIMIT_SECONDS = 20


class BlockExchange:
    """The calls of a peer that has blocks, or wants some."""

    def __init__(self, host, nursery):
        self.host = host
        self.nursery = nursery
        self._client = None

    async def client(self):
        if self._client is None:
            self._client = BitswapClient(self.host)
            self._client.set_nursery(self.nursery)
            await self._client.start()
        return self._client

    async def keep_block(self, cid, data):
        await (await self.client()).add_block(cid, bytes.fromhex(data))
        return True

    async def keep_wrong_block(self, cid, data):
        """Bytes under a name that is not theirs: they are sent to whoever asks by that name."""
        await (await self.client()).block_store.put_block(parse_cid(cid), bytes.fromhex(data))
        return True

    async def fetch_block(self, cid, peer):
        session = (await self.client()).new_session()
        return (await session.get_block(cid, ID.from_string(peer), FETCH_LIMIT_SECONDS)).hex()
