"""What a py-libp2p peer does with topics: gossipsub or floodsub, as the protocols it is started with say."""

import trio

from libp2p.pubsub.floodsub import PROTOCOL_ID as FLOODSUB, FloodSub
from libp2p.pubsub.gossipsub import GossipSub
from libp2p.pubsub.pubsub import Pubsub
from libp2p.peer.id import ID
from libp2p.tools.anyio_service import background_trio_service


class Gossip:
    """Takes part for as long as `run` runs, and makes the calls of a test."""

    def __init__(self, host, protocols):
        self.router = None
        self.subscriptions = {}
        if FLOODSUB in protocols:
            self.service = Pubsub(host, FloodSub(protocols))
        else:
            self.router = GossipSub(protocols, degree=6, degree_low=5, degree_high=12, heartbeat_interval=1)
            self.service = Pubsub(host, self.router)

    async def run(self, task_status=trio.TASK_STATUS_IGNORED):
        async with background_trio_service(self.service):
            await self.service.wait_until_ready()
            if not self.router:
                task_status.started()
                await trio.sleep_forever()
            async with background_trio_service(self.router):
                task_status.started()
                await trio.sleep_forever()

    async def subscribe(self, topic):
        self.subscriptions[topic] = await self.service.subscribe(topic)
        return True

    async def subscribers(self, topic):
        """The peers that are in a topic, as far as it knows."""
        return [str(peer) for peer in self.service.peer_topics.get(topic, ())]

    async def mesh(self, topic):
        return [str(peer) for peer in self.router.mesh.get(topic, ())]

    async def publish(self, topic, data):
        await self.service.publish(topic, bytes.fromhex(data))
        return True

    async def message(self, topic):
        """The next message of a topic that it is subscribed to."""
        message = await self.subscriptions[topic].get()
        return {"author": str(ID(message.from_id)), "data": message.data.hex()}
