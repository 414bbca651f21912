import LibP2PCore
import LibP2PKademlia
import LibP2PRelay
import Logging

/// The relay of a node: the server, and who says in the DHTs that there is one.
final class NodeRelay: Sendable {
    let server: RelayServer
    private let advertiser: RelayAdvertiser?

    /// Makes a relay that does nothing before ``start()``.
    init(
        _ configuration: RelayConfiguration, network: any Network, version1: Version1Service, tables: [KademliaDHT],
        logger: Logger
    ) {
        server = RelayServer(
            network: network, version1: version1, limits: configuration.limits,
            access: configuration.access, logger: logger)
        advertiser = configuration.advertising.map { schedule in
            RelayAdvertiser(on: network.home, schedule: schedule, logger: logger) { multihash in
                for table in tables { _ = try await table.provide(multihash) }
            }
        }
    }

    func start() {
        server.start()
        advertiser?.start()
    }

    /// Takes over what changes without a restart.
    func apply(_ configuration: RelayConfiguration) {
        server.limits = configuration.limits
        server.access = configuration.access
    }

    /// Refuses what comes from now on. Circuits live on until the host closes their connections.
    func stop() {
        advertiser?.stop()
        server.stop()
    }
}
