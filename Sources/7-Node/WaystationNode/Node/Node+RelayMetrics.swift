import LibP2PRelay
import Telemetry

extension Node {
    /// Shows what the node has of other nodes' relays.
    func addRelayClient(to metrics: inout MetricsObservations) {
        metrics.gauge(
            "waystation_relay_client_places", Double(relayClient.places), help: "Places held at other nodes' relays.")
        for result in HolePunchService.Outcome.Result.allCases {
            metrics.counter(
                "waystation_relay_client_upgrades_total", Double(relayClient.upgrades(result)),
                labels: [("result", result.rawValue)],
                help: "Peers that came through a relay, by what the search for a direct connection found.")
        }
    }

    /// Shows the relay's books in the metrics.
    func addRelay(to metrics: inout MetricsObservations) {
        guard let server = relay?.server else { return }
        metrics.gauge(
            "waystation_relay_reservations", Double(server.reservationCount), help: "Reservations that are held.")
        metrics.gauge(
            "waystation_relay_circuits", Double(server.circuitCount),
            help: "Circuits, those included whose target has not answered yet.")
        metrics.counter(
            "waystation_relay_relayed_bytes_total", Double(server.relayedBytes),
            help: "Bytes passed on, in both directions.")
        let counters = server.counters
        let events: [(String, RelayCounters.Event)] = [
            ("made", .reserved), ("renewed", .renewed), ("expired", .expired), ("left", .left),
        ]
        for (name, event) in events {
            metrics.counter(
                "waystation_relay_reservations_total", Double(counters[event]), labels: [("event", name)],
                help: "What became of reservations.")
        }
        metrics.counter(
            "waystation_relay_circuits_opened_total", Double(counters[RelayCounters.Event.opened]),
            help: "Circuits that both sides agreed to.")
        for ending in CircuitEnding.allCases {
            metrics.counter(
                "waystation_relay_circuits_ended_total", Double(counters[ending]),
                labels: [("reason", ending.rawValue)], help: "Circuits that ended, by reason.")
        }
        for refusal in RelayRefusal.allCases {
            metrics.counter(
                "waystation_relay_refusals_total", Double(counters[refusal]), labels: [("reason", refusal.rawValue)],
                help: "Requests to the relay that were refused, by reason.")
        }
    }
}
