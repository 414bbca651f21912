import LibP2PCore
import LibP2PTesting
import Multiformats
import NIOCore
import Testing

@testable import LibP2PTransports

@Suite("A TCP port is shared by the first byte of each connection")
struct SharedPortTests {
    /// Answers each read with a word and what was read.
    private final class Answerer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let word: String

        init(_ word: String) { self.word = word }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = word + String(buffer: unwrapInboundIn(data))
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        }
    }

    private struct Bench {
        let node: TestNode
        let silent: SilentConnections
        let listener: any Listener

        func count(_ outcome: SilentConnections.Outcome) -> Int { silent.count(of: outcome) }

        /// Waits for what is reported on another loop, and by nobody.
        func wait(_ isTrue: () -> Bool) async throws {
            for _ in 0..<500 where !isTrue() { try await TransportBench.loops.next().sleep(for: .milliseconds(10)) }
            #expect(isTrue())
        }
    }

    private func withBench(
        total: Int = 100, perIP: Int = 100, patience: Duration = .seconds(10), speaksTLS: Bool = true,
        _ body: (Bench) async throws -> Void
    ) async throws {
        let node = try TransportBench.makeNode()
        let silent = SilentConnections(total: total, perIP: perIP)
        func answer(_ word: String) -> PortSharing.Taker {
            { channel in try channel.pipeline.syncOperations.addHandler(Answerer(word)) }
        }
        var sharing = PortSharing(silent: silent, http: answer("http "), tls: speaksTLS ? answer("tls ") : nil)
        sharing.patience = patience
        let listener = try await TCPTransport(sharing: sharing).listen(
            on: Multiaddr("/ip4/127.0.0.1/tcp/0"), upgrader: node, loops: TransportBench.loops)
        try await body(Bench(node: node, silent: silent, listener: listener))
        await listener.close()
    }

    /// What a server says that is sent these bytes, one at a time.
    private func answer(to text: String, _ bench: Bench) async throws -> String {
        let client = try await RawClient(to: bench.listener.address)
        for byte in text.utf8 { await client.send([byte]) }
        try await client.waitForAnswer()
        await client.close()
        return try await client.receiveText()
    }

    @Test func theFirstByteTells() {
        let kinds: [(String, FirstByte)] = [
            ("\u{13}/multistream/1.0.0\n", .libp2p), ("\u{16}\u{3}\u{1}", .tls), ("GET", .http), ("PRI", .http),
            ("get", .unknown), ("\0", .unknown), ("SSH", .http),
        ]
        for (text, kind) in kinds { #expect(text.utf8.first.map(FirstByte.init) == kind) }
    }

    @Test func eachGetsItsOwnWithAllBytes() async throws {
        try await withBench { bench in
            for (text, word) in [("GET / HTTP/1.1", "http G"), ("\u{16}\u{3}\u{1}", "tls \u{16}")] {
                #expect(try await answer(to: text, bench).hasPrefix(word))
            }
            _ = try await answer(to: "\u{13}/multistream/1.0.0\n", bench)
            #expect(bench.silent.count == 0)
            for kind in [FirstByte.http, .tls, .libp2p] { #expect(bench.count(.began(kind)) == 1) }
        }
    }

    @Test func whatIsForNobodyIsClosed() async throws {
        try await withBench(speaksTLS: false) { bench in
            let answers = [
                try await answer(to: "\u{16}\u{3}\u{1}", bench), try await answer(to: "nonsense", bench),
            ]
            #expect(answers == ["", ""])
            #expect(bench.silent.count == 0)
            #expect(bench.count(.began(.unknown)) == 1)
        }
    }

    @Test func whatLibP2PRefusesIsClosed() async throws {
        try await withBench { bench in
            bench.node.refusal = NetworkError(.refused, "Not today.")
            let refused = try await answer(to: "\u{13}/multistream/1.0.0\n", bench)
            #expect(refused.isEmpty)
            #expect(try await answer(to: "GET", bench).hasPrefix("http "))
        }
    }

    @Test func silenceEnds() async throws {
        try await withBench(patience: .milliseconds(20)) { bench in
            let client = try await RawClient(to: bench.listener.address)
            #expect(try await client.receiveAll().isEmpty)
            #expect(bench.count(.timedOut) == 1)
            #expect(bench.silent.count == 0)
        }
    }

    @Test func oneAddressHasNoMoreThanItsPlaces() async throws {
        try await withBench(perIP: 1) { bench in
            let first = try await RawClient(to: bench.listener.address)
            try await bench.wait { bench.silent.count == 1 }
            let second = try await RawClient(to: bench.listener.address)
            #expect(try await second.receiveAll().isEmpty)
            #expect(bench.count(.refused) == 1)
            // It has said what it is: now it counts to the others' limits.
            await first.send("GET")
            try await first.waitForAnswer()
            #expect(try await answer(to: "GET", bench).hasPrefix("http "))
            await first.close()
        }
    }

    @Test func theOldestSilentOneGivesWay() async throws {
        try await withBench(total: 2) { bench in
            var clients: [RawClient] = []
            for count in 1...3 {
                clients.append(try await RawClient(to: bench.listener.address))
                try await bench.wait { bench.silent.count + bench.count(.displaced) == count }
            }
            #expect(try await clients[0].receiveAll().isEmpty)
            #expect(bench.count(.displaced) == 1)
            for client in clients.dropFirst() { await client.close() }
            try await bench.wait { bench.silent.count == 0 }
            #expect(bench.count(.hungUp) == 2)
        }
    }

    @Test func theEndOfTheListenerEndsTheSilent() async throws {
        try await withBench { bench in
            let client = try await RawClient(to: bench.listener.address)
            try await bench.wait { bench.silent.count == 1 }
            await bench.listener.close()
            #expect(try await client.receiveAll().isEmpty)
            try await bench.wait { bench.silent.count == 0 }
        }
    }
}
