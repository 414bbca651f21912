import LibP2PCore
import LibP2PHost
import LibP2PRelay
import Logging

/// The client side of relaying in a node: it dials through relays, and, where relays are given, is reached through them
/// and punches holes for direct connections.
final class NodeRelayClient: Sendable {
    /// Serves version 1 for both of its sides.
    let version1: Version1Service
    private let transport: RelayTransport
    private let autoRelay: AutoRelay?
    private let holePunch: HolePunchService?

    /// Adds the transport to a host; ``start()`` must follow when relays are given.
    init(_ configuration: RelayConfiguration, host: Host, logger: Logger) {
        version1 = Version1Service(network: host)
        let transport = RelayTransport(network: host, version1: version1, logger: logger)
        self.transport = transport
        host.add(transport)
        autoRelay = configuration.client.map { AutoRelay($0, network: host, transport: transport, logger: logger) }
        holePunch = autoRelay == nil ? nil : HolePunchService(network: host, logger: logger)
    }

    /// At how many relays the node holds a place now.
    var places: Int { transport.heldPlaces }

    /// For how many peers that came through a relay the search for a direct connection ended so.
    func upgrades(_ result: HolePunchService.Outcome.Result) -> UInt64 { holePunch?.count(of: result) ?? 0 }

    func start() async {
        await autoRelay?.start()
        holePunch?.start()
    }

    func stop() async {
        holePunch?.stop()
        await autoRelay?.stop()
    }
}
