import LibP2PCore
import LibP2PHost
import LibP2PKademlia
import LibP2PTransports
import NodeStorage
import Telemetry

extension Node {
    /// Shows the host's and the DHTs' counters in the metrics. They are read when somebody scrapes.
    func observe() {
        telemetry.metrics.observe { [weak self] metrics in
            guard let self else { return }
            self.addHost(to: &metrics)
            self.addStreams(to: &metrics)
            self.addTables(to: &metrics)
            self.addRelay(to: &metrics)
            self.addRelayClient(to: &metrics)
            self.addStar(to: &metrics)
            self.addDelegate(to: &metrics)
            self.addRendezvous(to: &metrics)
            self.addPubSub(to: &metrics)
            self.addServices(to: &metrics)
            self.addSharedPort(to: &metrics)
            self.addCertificates(to: &metrics)
            self.addLimits(to: &metrics)
        }
    }

    private func addHost(to metrics: inout MetricsObservations) {
        let counters = host.counters
        metrics.gauge(
            "waystation_host_connections", Double(host.connectionCount), help: "Live libp2p connections.")
        metrics.gauge(
            "waystation_host_handshakes", Double(host.handshakeCount), help: "Inbound handshakes under way.")
        metrics.gauge(
            "waystation_host_inbound_addresses", Double(host.inboundAddressCount),
            help: "IP addresses that hold inbound connections.")
        metrics.gauge(
            "waystation_host_known_peers", Double(host.knownPeers.count), help: "Peers in the peer store.")
        for (direction, event) in [("inbound", HostCounters.Event.openedInbound), ("outbound", .openedOutbound)] {
            metrics.counter(
                "waystation_host_connections_opened_total", Double(counters[event]),
                labels: [("direction", direction)], help: "Connections that became ready.")
        }
        let events: [(String, HostCounters.Event, String)] = [
            ("connections_closed", .closed, "Connections that ended."),
            ("connections_trimmed", .trimmed, "Connections closed to make room."),
            ("handshakes_failed", .handshakeFailed, "Handshakes that failed."),
            ("handshakes_timed_out", .handshakeTimeout, "Handshakes that took too long."),
            ("dials", .dialStarted, "Addresses dialled."),
            ("dials_failed", .dialFailed, "Addresses dialled in vain."),
            ("streams_opened", .streamOpened, "Streams whose protocol was agreed."),
            ("streams_closed", .streamClosed, "Streams that ended in order."),
            ("streams_reset", .streamReset, "Streams that this node reset."),
        ]
        for (name, event, help) in events {
            metrics.counter("waystation_host_\(name)_total", Double(counters[event]), help: help)
        }
        for reason in RefusalReason.allCases {
            metrics.counter(
                "waystation_host_refusals_total", Double(counters[reason]), labels: [("reason", reason.rawValue)],
                help: "Connections refused, by reason.")
        }
    }

    private func addStreams(to metrics: inout MetricsObservations) {
        metrics.gauge(
            "waystation_host_stream_buffers_bytes", Double(web.streamBufferBytes),
            help: "Bytes that all streams hold unread.")
        for (protocolID, count) in host.activeStreams.sorted(by: { $0.key < $1.key }) {
            metrics.gauge(
                "waystation_host_streams", Double(count), labels: [("protocol", protocolID.name)],
                help: "Inbound streams that are open, by protocol.")
        }
        metrics.counter(
            "waystation_host_received_bytes_total", Double(host.traffic.bytesReceived),
            help: "Bytes received on libp2p connections.")
        metrics.counter(
            "waystation_host_sent_bytes_total", Double(host.traffic.bytesSent),
            help: "Bytes sent on libp2p connections.")
    }

    private func addTables(to metrics: inout MetricsObservations) {
        for table in tables {
            let labels = [("protocol", table.configuration.protocolID.name)]
            let gauges: [(String, Int, String)] = [
                ("peers", table.table.count, "Peers in the routing table."),
                ("checks", table.statistics.checksUnderWay, "Peers that are asked whether they live."),
                ("waiting_checks", table.statistics.checksWaiting, "Peers that wait to be asked so."),
                ("provider_records", table.records.providerCount, "Provider records held."),
                ("provided_keys", table.records.providedKeyCount, "Keys with a provider record."),
                ("values", table.records.valueCount, "Value records held."),
                ("value_bytes", table.records.valueBytes, "Bytes of all value records and their keys."),
                ("own_provided_keys", table.statistics.provisions, "Keys that this node itself provides."),
                ("own_values", table.statistics.publications, "Values that this node puts again until they run out."),
            ]
            for (name, value, help) in gauges {
                metrics.gauge("waystation_dht_\(name)", Double(value), labels: labels, help: help)
            }
            for kind in KademliaMessage.Kind.allCases {
                metrics.counter(
                    "waystation_dht_requests_total", Double(table.statistics.requests(kind)),
                    labels: labels + [("kind", "\(kind)")], help: "DHT requests read, refused ones included.")
            }
        }
    }
    private func addServices(to metrics: inout MetricsObservations) {
        metrics.gauge(
            "waystation_storage_pending_changes", Double(storage.pendingChanges),
            help: "Changes that wait for the disk.")
        metrics.counter(
            "waystation_storage_dropped_changes_total", Double(storage.droppedChanges),
            help: "Changes given up because the disk did not keep up.")
        for (server, count) in web.connectionCounts {
            metrics.gauge(
                "waystation_http_connections", Double(count), labels: [("server", server)],
                help: "Connections of a web server, without those that became libp2p connections.")
        }
    }

    private func addSharedPort(to metrics: inout MetricsObservations) {
        guard configuration.sharesPort else { return }
        metrics.gauge(
            "waystation_shared_port_silent_connections", Double(frontDoor.silent.count),
            help: "Connections to a shared port that have said nothing yet.")
        for outcome in SilentConnections.Outcome.allCases {
            metrics.counter(
                "waystation_shared_port_connections_total", Double(frontDoor.silent.count(of: outcome)),
                labels: [("outcome", outcome.name)],
                help: "Connections to a shared port, by what they began with or how they ended before.")
        }
    }

    private func addLimits(to metrics: inout MetricsObservations) {
        func add(_ setting: Setting<Int>, _ limit: NodeLimit) {
            metrics.gauge(
                "waystation_node_limits", Double(limit.orZero), labels: [("setting", setting.key)],
                help: "The limits in force, by setting; 0 is unlimited.")
        }
        for (setting, limit) in NodeLimits.bySetting { add(setting, configuration.limits[keyPath: limit]) }
        for (setting, limit) in DelegateConfiguration.bySetting {
            add(setting, configuration.delegate[keyPath: limit])
        }
        for (setting, limit) in StarConfiguration.bySetting { add(setting, configuration.star[keyPath: limit]) }
        let relay = relayConfiguration
        for (setting, limit) in RelayConfiguration.bySetting { add(setting, relay[keyPath: limit]) }
    }
}
