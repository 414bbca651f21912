import StarSignalling
import Telemetry

extension Node {
    /// Shows the star in the metrics, some of it also under the names of js-libp2p's signalling server, so that its
    /// dashboards go on.
    func addStar(to metrics: inout MetricsObservations) {
        guard let star else { return }
        let (hub, counters) = (star.hub, star.hub.counters)
        metrics.gauge("waystation_star_peers", Double(hub.peerCount), help: "Peers that are joined here.")
        metrics.gauge(
            "waystation_star_remote_peers", Double(hub.remotePeerCount),
            help: "Peers of the same star that are joined at other nodes.")
        metrics.gauge(
            "waystation_star_sockets", Double(hub.socketCount), help: "Sockets of clients, joined or not.")
        metrics.gauge(
            "waystation_star_sessions", Double(star.engine.sessionCount),
            help: "Clients at the transports, connected to the namespace or not yet.")
        metrics.gauge(
            "waystation_star_redis_up", star.cluster?.currentStatus.isConnected == true ? 1 : 0,
            help: "Whether the Redis that joins several nodes' stars is connected.")
        metrics.gauge(
            "waystation_star_nodes", Double(star.cluster?.currentStatus.nodes ?? 0),
            help: "Other nodes of the same star that live.")
        let events: [(StarCounters.Event, String, String)] = [
            (.joinSuccesses, "joins", "Joins that were taken."),
            (.leaves, "leaves", "Peers that left or went away."),
            (.announcements, "announcements", "Peers told of a newcomer."),
            (.announcementWrites, "announcement_writes", "Writes that told peers of newcomers, one or many."),
            (.introductions, "introductions", "Peers that newcomers were told of."),
            (.refreshes, "refreshes", "Peers told of one another again."),
            (.handshakes, "handshakes", "Handshakes passed on to peers of this node."),
            (.handshakesSent, "handshakes_sent", "Handshakes passed on to other nodes."),
            (.handshakesReceived, "handshakes_received", "Handshakes that came from other nodes."),
        ]
        for (event, name, help) in events {
            metrics.counter("waystation_star_\(name)_total", Double(counters[event]), help: help)
        }
        for reason in StarRefusal.allCases {
            metrics.counter(
                "waystation_star_refusals_total", Double(counters[reason]), labels: [("reason", reason.rawValue)],
                help: "What clients asked for and did not get, by reason.")
        }
        addReferenceNames(to: &metrics, hub)
    }

    private func addReferenceNames(to metrics: inout MetricsObservations, _ hub: StarHub) {
        metrics.gauge("webrtc_star_peers", Double(hub.peerCount), help: "Peers that are joined here.")
        let events: [(StarCounters.Event, String, String)] = [
            (.joins, "joins_total", "Joins asked for."),
            (.joinSuccesses, "joins_total_success", "Joins that were taken."),
            (.joinFailures, "joins_total_failure", "Joins that were not."),
            (.dials, "dials_total", "Handshakes asked for."),
            (.dialSuccesses, "dials_total_success", "Answers among them."),
            (.dialFailures, "dials_total_failure", "Those among them that led nowhere."),
        ]
        for (event, name, help) in events {
            metrics.counter("webrtc_star_\(name)", Double(hub.counters[event]), help: help)
        }
    }
}
