import LibP2PBasics
import Telemetry

extension Node {
    /// Shows the rendezvous server's tables in the metrics.
    func addRendezvous(to metrics: inout MetricsObservations) {
        guard let rendezvous else { return }
        metrics.gauge(
            "waystation_rendezvous_registrations", Double(rendezvous.registrationCount), help: "Registrations held.")
        metrics.gauge(
            "waystation_rendezvous_namespaces", Double(rendezvous.namespaceCount),
            help: "Namespaces in which somebody is registered.")
        metrics.gauge(
            "waystation_rendezvous_peers", Double(rendezvous.peerCount), help: "Peers that are registered.")
        for status in RendezvousStatus.allCases {
            metrics.counter(
                "waystation_rendezvous_answers_total", Double(rendezvous.answers(status)),
                labels: [("status", "\(status.rawValue)")], help: "Answers, by the protocol's status.")
        }
    }
}
