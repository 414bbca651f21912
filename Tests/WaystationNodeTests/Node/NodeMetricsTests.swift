import DelegatedRouting
import Foundation
import LibP2PCore
import LibP2PKademlia
import Multiformats
import Telemetry
import Testing

@testable import WaystationNode

@Suite(.serialized) struct NodeMetricsTests {
    /// Families that come by swift-metrics, whose backend only the program sets up.
    private static let eventFamilies: Set = [
        "waystation_http_responses_total counter", "waystation_http_refused_connections_total counter",
        "waystation_star_sessions_total counter", "waystation_star_closed_sessions_total counter",
        "waystation_star_refused_requests_total counter", "waystation_star_ignored_packets_total counter",
        "waystation_star_upgrades_total counter", "waystation_http_tls_handshakes_total counter",
        // Only a node that shares its port has them.
        "waystation_shared_port_silent_connections gauge", "waystation_shared_port_connections_total counter",
        // Only a node with TLS has certificates.
        "waystation_certificate_expiry_seconds gauge", "waystation_certificate_failed_reloads_total counter",
        "waystation_certificate_orders_total counter",
    ]

    @Test("the page of the metrics has those that a node shows, and their kinds")
    func documentation() async throws {
        let folder = TemporaryFolder()
        var configuration = try labConfiguration(folder)
        configuration.delegate.upstreams = [try UpstreamURL("http://127.0.0.1:1")]
        let node = try await Node.start(configuration)
        let text = node.telemetry.metrics.exposition()
        await node.stop()
        let shown = Set(text.matches(of: /(?m)^# TYPE (\S+) (\S+)$/).map { "\($0.1) \($0.2)" })
        let documented = try Self.documentedFamilies()
        #expect(shown.subtracting(documented).sorted().isEmpty, "they are not in docs/metrics.md")
        let silent = documented.subtracting(shown).filter { !Self.eventFamilies.contains($0) }
        #expect(silent.sorted().isEmpty, "they are not shown")
    }

    @Test("tables are shown with their sizes and their limits")
    func tables() async throws {
        let folders = [TemporaryFolder(), TemporaryFolder()]
        var configuration = try labConfiguration(folders[0])
        configuration.limits.knownPeers = NodeLimit(77)
        configuration.limits.dht.values = NodeLimit(0)
        configuration.dhtNamespaces = ["lab"]
        let root = try await Node.start(configuration)
        let entry = try #require(root.listenAddresses.first { !$0.contains(.ws) })
        configuration = try labConfiguration(folders[1], bootstrap: [entry])
        configuration.dhtNamespaces = ["lab"]
        let other = try await Node.start(configuration)
        try await eventually(root) { Self.value("waystation_dht_peers", of: root) == 1 }
        _ = try await other.tables[0].provide(Multihash.sha256(of: Array("content".utf8)).bytes)
        try await eventually(root) { Self.value("waystation_dht_provider_records", of: root) == 1 }
        let (key, value) = (Array("/lab/key".utf8), Array("value".utf8))
        try await root.tables[0].putValue(value, key: key)
        #expect(Self.value("waystation_dht_provided_keys", of: root) == 1)
        #expect(Self.value("waystation_dht_values", of: root) == 1)
        #expect(Self.value("waystation_dht_value_bytes", of: root) == Double(key.count + value.count))
        try await root.tables[0].beginProviding(Multihash.sha256(of: key).bytes)
        #expect(Self.value("waystation_dht_own_provided_keys", of: root) == 1)
        #expect(Self.value("waystation_dht_own_values", of: root) == 1)
        #expect(Self.value("waystation_dht_checks", of: root) == 0)
        #expect(Self.value("waystation_dht_waiting_checks", of: root) == 0)
        #expect(Self.value("waystation_host_connections", of: root) == 1)
        #expect(Self.value("waystation_host_inbound_addresses", of: root) == 1)
        #expect(Self.value("waystation_host_known_peers", of: root) == 1)
        #expect(Self.value("waystation_host_handshakes", of: root) == 0)
        #expect(Self.value("waystation_storage_pending_changes", of: root) != nil)
        #expect(Self.value("waystation_http_connections", labelled: "front door", of: root) == 0)
        #expect(Self.value("waystation_node_limits", labelled: "limits.knownPeers", of: root) == 77)
        #expect(Self.value("waystation_node_limits", labelled: "dht.maxValues", of: root) == 0)
        #expect(Self.value("waystation_node_limits", labelled: "dht.maxProviderRecords", of: root) == 500_000)
        await other.stop()
        await root.stop()
    }

    /// A series' value in the text that `/metrics` answers with; without a label the first series'.
    private static func value(_ name: String, labelled label: String? = nil, of node: Node) -> Double? {
        node.telemetry.metrics.exposition().split(separator: "\n")
            .first { line in
                let rest = line.dropFirst(name.count)
                guard line.hasPrefix(name), rest.hasPrefix("{") || rest.hasPrefix(" ") else { return false }
                return label.map { rest.contains("\"\($0)\"") } ?? true
            }
            .flatMap { $0.split(separator: " ").last.flatMap { Double($0) } }
    }

    /// `name kind` of all rows of the page's table.
    private static func documentedFamilies() throws -> Set<String> {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../docs/metrics.md").standardized
        var families: Set<String> = []
        for line in try String(contentsOf: page, encoding: .utf8).split(separator: "\n") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count >= 3, cells[0].hasPrefix("`") else { continue }
            for name in cells[0].split(separator: "`") where !name.hasPrefix(",") {
                families.insert("\(name) \(cells[1])")
            }
        }
        return families
    }
}
