import LibP2PCore
import LibP2PHost
import Multiformats
import Testing

@testable import WaystationNode

/// A node for a test: on loopback, on ports of the system's choice, its data in `folder`.
func labConfiguration(_ folder: TemporaryFolder, bootstrap: [Multiaddr] = []) throws -> NodeConfiguration {
    var configuration = NodeConfiguration(dataFolder: folder.path)
    configuration.listen = [try Multiaddr("/ip4/127.0.0.1/tcp/0")]
    configuration.http = HostAndPort(host: "127.0.0.1", port: 0)
    configuration.admin = HostAndPort(host: "127.0.0.1", port: 0)
    configuration.allowPrivateAddresses = true
    configuration.bootstrap = bootstrap.map { .address($0) }
    return configuration
}

/// Asks again and again until the answer is yes. The events behind it have no other sign.
func eventually(_ node: Node, _ isTrue: () async throws -> Bool) async throws {
    for _ in 0..<2400 {
        if try await isTrue() { return }
        try await node.host.home.sleep(for: .milliseconds(25))
    }
    Issue.record("It did not happen within a minute.")
}
