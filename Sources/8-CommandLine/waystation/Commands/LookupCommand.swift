import ArgumentParser
import Foundation
import LibP2PIdentity
import LibP2PKademlia
import Multiformats
import WaystationNode

/// `waystation lookup`: one question to a DHT, as a client.
struct LookupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lookup",
        abstract: "Asks a DHT one question as a client; results are printed as they come.",
        discussion: """
            EXAMPLES
              waystation lookup peer 12D3KooW… --bootstrap /ip4/127.0.0.1/tcp/4001/p2p/12D3KooW…
              waystation lookup providers bafybei… --bootstrap amino
              waystation lookup closest 12D3KooW… --bootstrap amino --json
              waystation lookup value /pk/12D3KooW… --bootstrap amino
            """,
        subcommands: [Peer.self, Providers.self, Closest.self, Value.self])

    /// Where and how to ask.
    struct Network: ParsableArguments {
        @Option(
            parsing: .singleValue,
            help: ArgumentHelp(
                "A peer to join through (repeatable); amino for the public IPFS network.", valueName: "multiaddr"))
        var bootstrap: [String]

        @Option(help: ArgumentHelp("The DHT's protocol id.", valueName: "id"))
        var dhtProtocol = "/ipfs/kad/1.0.0"

        @OptionGroup var options: ClientOptions

        func validate() throws {
            _ = try peers()
        }

        /// Asks, with a client that has joined the DHT.
        func ask(_ question: @escaping @Sendable (KademliaDHT) async throws -> Void) async throws {
            try await options.withClient(bootstrap: peers(), protocolID: dhtProtocol) { client in
                guard let table = client.table else { return }
                do {
                    try await question(table)
                } catch let error as KademliaError {
                    throw NodeError(.failed, error.message, cause: error.cause)
                }
            }
        }

        /// The bootstrap peers, read as `run` reads them.
        private func peers() throws -> [Multiaddr] {
            guard !bootstrap.isEmpty else { throw ValidationError("--bootstrap names a peer to ask") }
            do {
                let settings = try ResolvedSettings(flags: bootstrap.flatMap { ["--bootstrap", $0] }, environment: [:])
                return try NodeConfiguration(settings, environment: ["HOME": "/"]).bootstrapAddresses
            } catch {
                throw ValidationError("\(error)")
            }
        }
    }

    struct Peer: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Finds the addresses of a peer.",
            discussion: """
                EXAMPLES
                  waystation lookup peer 12D3KooW… --bootstrap /ip4/127.0.0.1/tcp/4001/p2p/12D3KooW…
                """)

        @Argument(help: "The peer's id.", transform: LookupKey.peer)
        var key: PeerID

        @OptionGroup var network: Network

        func run() async throws {
            let key = key
            let asJSON = network.options.json
            try await network.ask { dht in
                let found = try await dht.findPeer(key)
                if asJSON {
                    FoundPeerReport(found).print(asJSON: true)
                } else {
                    for address in found.addresses { Terminal.print("\(address)/p2p/\(found.id)") }
                }
            }
        }
    }

    struct Providers: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Finds peers that provide some content.",
            discussion: """
                EXAMPLES
                  waystation lookup providers bafybei… --bootstrap amino
                  waystation lookup providers QmY7Yh4… --limit 1 --bootstrap amino
                """)

        @Argument(help: "The content's CID.", transform: LookupKey.content)
        var key: [UInt8]

        @Option(help: "End after so many providers; 0 searches as far as it goes.")
        var limit = 20

        @OptionGroup var network: Network

        func run() async throws {
            let key = key
            let limit = limit
            let asJSON = network.options.json
            try await network.ask { dht in
                let count = try await dht.findProviders(of: key, limit: limit) {
                    FoundPeerReport($0).print(asJSON: asJSON)
                }
                guard count > 0 else { throw NodeError(.failed, "nobody is known to provide it") }
            }
        }
    }

    struct Closest: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Finds the peers nearest to a key.",
            discussion: """
                Who is nearest is known when the search has ended; then all are printed, the nearest first.

                EXAMPLES
                  waystation lookup closest 12D3KooW… --bootstrap amino
                  waystation lookup closest bafybei… --bootstrap amino --json
                """)

        @Argument(help: "A peer id, a CID, or any other text.", transform: LookupKey.any)
        var key: [UInt8]

        @OptionGroup var network: Network

        func run() async throws {
            let key = key
            let asJSON = network.options.json
            try await network.ask { dht in
                let found = try await dht.closestPeers(to: key)
                for peer in found { FoundPeerReport(peer).print(asJSON: asJSON) }
                guard !found.isEmpty else { throw NodeError(.failed, "no peer answered") }
            }
        }
    }

    struct Value: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Finds the value of a key.",
            discussion: """
                Values are bytes; they are printed in base64, or as they are with --raw.

                EXAMPLES
                  waystation lookup value /pk/12D3KooW… --bootstrap amino
                  waystation lookup value /ipns/k51… --raw --bootstrap amino > record
                """)

        @Argument(help: "The key: /pk/PEER, /ipns/NAME, or /NAMESPACE/TEXT.", transform: LookupKey.record)
        var key: [UInt8]

        @Flag(help: "Print the bytes as they are.")
        var raw = false

        @OptionGroup var network: Network

        func run() async throws {
            let (key, raw) = (key, raw)
            let asJSON = network.options.json
            try await network.ask { dht in
                let value = try await dht.getValue(key)
                let base64 = Data(value).base64EncodedString()
                if raw {
                    Terminal.write(value)
                } else if asJSON {
                    try Terminal.printJSON(["value": base64])
                } else {
                    Terminal.print(base64)
                }
            }
        }
    }
}

/// A peer that a lookup found, as it is printed: its id and addresses in a line, or a JSON object.
struct FoundPeerReport: Encodable {
    let peer: String
    let addresses: [String]

    init(_ found: FoundPeer) {
        peer = found.id.description
        addresses = found.addresses.map(\.description)
    }

    func print(asJSON: Bool) {
        if asJSON {
            // Texts only: this cannot fail.
            try? Terminal.printJSON(self)
        } else {
            Terminal.print(([peer] + addresses).joined(separator: " "))
        }
    }
}
