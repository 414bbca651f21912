import LibP2PPubSub
import Telemetry

extension Node {
    /// Shows what publish and subscribe does in the metrics, as of its last heartbeat.
    func addPubSub(to metrics: inout MetricsObservations) {
        guard let statistics = pubsub?.statistics else { return }
        let gauges: [(String, Int, String)] = [
            ("peers", statistics.peers, "Peers with a pubsub stream."),
            ("topics", statistics.topics, "Topics that this node is in."),
            ("subscriptions", statistics.subscriptions, "Peers in these topics, each counted for each topic."),
            ("mesh_peers", statistics.meshPeers, "Places in all meshes."),
            ("graylisted_peers", statistics.graylistedPeers, "Peers that are not listened to, for their score."),
            ("cached_bytes", statistics.cachedBytes, "Bytes of messages kept to be asked for."),
        ]
        for (name, value, help) in gauges { metrics.gauge("waystation_pubsub_\(name)", Double(value), help: help) }
        let messages: [(String, UInt64)] = [
            ("accepted", statistics.acceptedMessages),
            ("duplicate", statistics.duplicateMessages),
            ("invalid", statistics.invalidMessages),
            ("ignored", statistics.ignoredMessages),
            ("flooded", statistics.floodedMessages),
            ("sent", statistics.sentMessages),
            ("published", statistics.publishedMessages),
            ("dropped", statistics.droppedDeliveries),
        ]
        for (outcome, count) in messages {
            metrics.counter(
                "waystation_pubsub_messages_total", Double(count), labels: [("outcome", outcome)],
                help: "Messages, by what became of them.")
        }
        metrics.counter(
            "waystation_pubsub_dropped_rpcs_total", Double(statistics.droppedRPCs),
            help: "RPCs dropped as a peer took them too slowly.")
        metrics.counter(
            "waystation_pubsub_offences_total", Double(statistics.offences), help: "Offences against the mesh's rules.")
    }
}
