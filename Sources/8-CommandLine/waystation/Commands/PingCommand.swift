import ArgumentParser
import LibP2PBasics
import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import Multiformats
import WaystationNode

/// `waystation ping`: dials, identifies and pings a peer.
struct PingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ping",
        abstract: "Dials a peer, asks it what it is, and measures round trips to it.",
        discussion: """
            EXAMPLES
              waystation ping /ip4/203.0.113.7/tcp/4001/p2p/12D3KooW…
              waystation ping /dns4/node.example/tcp/8080/ws --count 3 --json
            """)

    @Argument(help: "The peer's address.", transform: ClientOptions.multiaddr)
    var address: Multiaddr

    @Option(name: .shortAndLong, help: "How many round trips.")
    var count = 4

    @OptionGroup var options: ClientOptions

    func validate() throws {
        guard count > 0 else { throw ValidationError("--count is at least 1") }
    }

    func run() async throws {
        let asJSON = options.json
        let (address, count) = (address, count)
        try await options.withClient { client in
            do {
                let (connection, description) = try await client.connect(to: address)
                try PeerReport(connection, description).print(asJSON: asJSON)
                try await Ping.roundTrips(
                    count, every: .milliseconds(200), on: connection, random: client.host.random
                ) { time in
                    let milliseconds = time / .milliseconds(1)
                    Terminal.print(
                        asJSON
                            ? "{\"roundTripMilliseconds\":\(milliseconds)}"
                            : "answer in \(Terminal.rounded(milliseconds)) ms")
                }
            } catch {
                throw NodeError(.failed, "\(address) does not answer", cause: error)
            }
        }
    }
}

/// What a peer says that it is.
private struct PeerReport: Encodable {
    let peer: String
    let address: String
    let agentVersion: String
    let protocolVersion: String
    let addresses: [String]
    let protocols: [String]

    init(_ connection: Connection, _ description: PeerDescription) {
        peer = connection.remotePeer.description
        address = connection.remoteAddress.description
        agentVersion = description.agentVersion
        protocolVersion = description.protocolVersion
        addresses = description.addresses.map(\.description)
        protocols = description.protocols.map(\.name).sorted()
    }

    func print(asJSON: Bool) throws {
        if asJSON { return try Terminal.printJSON(self) }
        Terminal.print("peer \(peer)")
        Terminal.print("address \(address)")
        Terminal.print("agent \(Terminal.printable(agentVersion))")
        Terminal.print("protocol \(Terminal.printable(protocolVersion))")
        for address in addresses { Terminal.print("listening \(address)") }
        for name in protocols { Terminal.print("serves \(Terminal.printable(name))") }
    }
}
