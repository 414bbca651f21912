import LibP2PBitswap
import LibP2PKademlia
import Measuring
import Multiformats

extension DelegateBench {
    /// Clients that ask and do not read, and one that does.
    static func measureSlow(_ network: Network, clients count: Int) async throws {
        let cid = CID(codec: .raw, multihash: .sha256(of: Array("slow".utf8)))
        for neighbour in network.neighbours { _ = try await neighbour.table.provide(cid.multihash.bytes) }
        try await measureSlow(
            network, count, "providers, streamed", "GET", "/routing/v1/providers/\(cid)",
            accept: "application/x-ndjson")

        let block = try Block((0..<1_048_576).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        let store = MemoryBlockStore()
        try await store.keep(block)
        let bitswap = Bitswap(network: network.neighbours[0].host, store: store)
        await bitswap.start()
        _ = try await network.neighbours[0].table.provide(block.cid.multihash.bytes)
        try await measureSlow(
            network, count, "blocks of 1 MiB", "POST", "/api/v0/block/get?arg=\(block.cid)", accept: "*/*")
        await bitswap.stop()
    }

    private static func measureSlow(
        _ network: Network, _ count: Int, _ name: String, _ method: String, _ path: String, accept: String
    ) async throws {
        // Once before, so that what is kept for all is not counted.
        let first = try PlainConnection(network.url)
        try first.ask(method, path, accept: accept)
        try first.read(until: "\r\n\r\n")
        let before = network.node.process.memory
        var clients: [PlainConnection] = []
        for _ in 0..<count {
            let client = try PlainConnection(network.url, window: 2_048)
            try client.ask(method, path, accept: accept)
            clients.append(client)
        }
        // Who reads is answered behind all of them.
        let start = microseconds()
        let reader = try PlainConnection(network.url)
        try reader.ask("GET", "/routing/v1/providers/\(CID(codec: .raw, multihash: .sha256(of: [])))")
        try reader.read(until: "\r\n\r\n")
        let time = microseconds() - start
        try await network.neighbours[0].host.home.sleep(for: .seconds(2))
        say("\(count) clients that do not read: \(name)")
        row("memory for each", (network.node.process.memory - before) / Double(count) / 1024, "KiB", digits: 1)
        row("another client is answered within", time / 1000, "ms", digits: 1)
        withExtendedLifetime(clients) {}
    }
}
