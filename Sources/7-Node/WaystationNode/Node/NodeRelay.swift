import LibP2PCore
import LibP2PKademlia
import LibP2PRelay
import Logging

/// The relay of a node: the server, and who says in the DHTs that there is one.
final class NodeRelay: Sendable {
    let server: RelayServer
    /// One for each network: one that cannot be reached now keeps none of the others waiting.
    private let advertisers: [RelayAdvertiser]

    /// Makes a relay that does nothing before ``start()``.
    init(
        _ configuration: RelayConfiguration, network: any Network, version1: Version1Service, tables: [KademliaDHT],
        logger: Logger
    ) {
        server = RelayServer(
            network: network, version1: version1, limits: configuration.limits,
            access: configuration.access, logger: logger)
        advertisers =
            configuration.advertising.map { schedule in
                tables.map { table in
                    RelayAdvertiser(on: network.home, schedule: schedule, logger: logger) { multihash in
                        _ = try await table.provide(multihash)
                    }
                }
            } ?? []
    }

    func start() {
        server.start()
        for advertiser in advertisers { advertiser.start() }
    }

    /// Takes over what changes without a restart.
    func apply(_ configuration: RelayConfiguration) {
        server.limits = configuration.limits
        server.access = configuration.access
    }

    /// Refuses what comes from now on. Circuits live on until the host closes their connections.
    func stop() {
        for advertiser in advertisers { advertiser.stop() }
        server.stop()
    }
}
