import LibP2PCore
import LibP2PIdentity
import Logging
import Multiformats
import NIOCore

// The node as the hub of js-libp2p's peer discovery.
extension PubSub {
    /// How often a node announces itself, as in js-libp2p.
    static let announcementInterval = Duration.seconds(10)

    /// Becomes a hub of peer discovery: peers that announce themselves in a topic find one another through this node.
    ///
    /// Announcements are sent on as they are, in whichever of the two forms of ``PeerDiscoveryMessage`` they came.
    ///
    /// The service must have been started.
    ///
    /// - Parameters:
    ///   - topics: where peers announce themselves.
    ///   - announces: whether the node announces itself, while somebody is there to hear it. It does so in the current
    ///     form only, which programs before 2023 can't read and report as an error.
    /// - Throws: as ``join(_:)``.
    public func serveDiscovery(topics: [String] = [PeerDiscoveryMessage.topic], announces: Bool = false) throws {
        for topic in topics { try join(topic) }
        if announces { scheduleAnnouncement(topics) }
    }

    private func scheduleAnnouncement(_ topics: [String]) {
        announcementTimer?.cancel()
        announcementTimer = executor.schedule(after: Self.announcementInterval) { [weak self] in
            self?.assumeIsolated { $0.announce(in: topics) }
        }
    }

    private func announce(in topics: [String]) {
        guard isRunning else { return }
        let message = PeerDiscoveryMessage(publicKey: network.identity.publicKey, addresses: network.addresses)
        for topic in topics where !router.subscribers(of: topic).isEmpty {
            do {
                try publish(message.payload, to: topic)
            } catch {
                logger.warning("the node can't announce itself", metadata: ["topic": "\(topic)", "error": "\(error)"])
            }
        }
        scheduleAnnouncement(topics)
    }
}
