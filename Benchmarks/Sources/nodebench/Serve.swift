import Logging
import Multiformats
import NIOCore
import WaystationNode

extension NodeBench {
    /// Runs a node as `waystation run --allow-private-addresses` does, until the process is ended.
    ///
    /// A command of this program, so that one release build serves both sides of the measurement.
    static func serve(folder: String) async throws {
        var configuration = NodeConfiguration(dataFolder: folder + "/data")
        configuration.listen = [try Multiaddr("/ip4/127.0.0.1/tcp/0")]
        configuration.http = nil
        configuration.admin = nil
        configuration.allowPrivateAddresses = true
        // Circuits without bounds, as the other side is told to give them, and room for a load of peers.
        configuration.relay.data.value = nil
        configuration.relay.duration = .zero
        configuration.relay.circuitsPerPeer.value = nil
        configuration.relay.circuits.value = nil
        configuration.relay.reservations.value = nil
        configuration.limits.connections = NodeLimit(16_384)
        var logger = Logger(label: "nodebench")
        logger.logLevel = .critical
        let node = try await Node.start(configuration, logger: logger)
        for address in node.listenAddresses { say("listening \(address)") }
        say("ready")
        while true { try await node.host.home.sleep(for: .seconds(3600)) }
    }
}
