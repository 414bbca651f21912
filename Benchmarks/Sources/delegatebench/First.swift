import LibP2PKademlia
import Measuring
import Multiformats
import Neighbourhood
import Synchronization

extension DelegateBench {
    /// Content that nobody asked for before: how soon the first provider is there over HTTP, and in a DHT client.
    static func measureFirst(_ network: Network, count: Int) async throws {
        let asker = try await Neighbour.join([try Multiaddr(network.node.place("listening"))])
        var streamed: [Double] = []
        var direct: [Double] = []
        for number in 0..<count {
            let cid = try await network.provide("first \(number)", by: number)
            streamed.append(try firstLine(network, cid))
            direct.append(try await firstProvider(asker.table, cid))
        }
        say("time to the first provider, \(network.neighbours.count + 1) nodes, \(count) CIDs")
        let (http, dht) = (Percentiles(streamed), Percentiles(direct))
        row("streamed by the delegate, p50", http.p50, "µs")
        row("streamed by the delegate, p99", http.p99, "µs")
        row("told by a node's own DHT, p50", dht.p50, "µs")
        row("told by a node's own DHT, p99", dht.p99, "µs")
        await asker.leave()
    }

    /// Microseconds until the first line of an answer.
    private static func firstLine(_ network: Network, _ cid: CID) throws -> Double {
        let connection = try PlainConnection(network.url)
        let start = microseconds()
        try connection.ask("GET", "/routing/v1/providers/\(cid)", accept: "application/x-ndjson")
        try connection.read(until: "\"Schema\"")
        return microseconds() - start
    }

    /// Microseconds until the first provider.
    private static func firstProvider(_ table: KademliaDHT, _ cid: CID) async throws -> Double {
        let start = microseconds()
        let first = Mutex<Double?>(nil)
        try await table.findProviders(of: cid.multihash.bytes, limit: 1) { _ in
            first.withLock { if $0 == nil { $0 = microseconds() - start } }
        }
        guard let time = first.withLock({ $0 }) else { throw BenchmarkError("The DHT found no provider.") }
        return time
    }
}
