import LibP2PCore
import NIOCore
import NIOPosix
import NIOSSL
import Testing

@testable import HTTPServing

/// What becomes of clients of the TLS port that misbehave: the connection ends, and nothing of it is left.
@Suite("The door over TLS minds its time and its places")
struct TLSDoorTests {
    private func withDoor(
        _ change: (inout HTTPServer.Configuration) -> Void = { _ in },
        _ body: (SocketAddress, HTTPServer) async throws -> Void
    ) async throws {
        let context = try TestCertificate.context()
        try await withServer({ configuration in
            configuration.tls = TLSDoor { $0.serverName == "unknown.example" ? nil : context }
            change(&configuration)
        }) { address, server in
            try await body(address, server)
            await noneLeft(server)
        }
    }

    /// The server learns of an end a moment after the client.
    private func noneLeft(_ server: HTTPServer) async {
        for _ in 0..<500 where server.connectionCount > 0 {
            try? await server.loops.next().sleep(for: .milliseconds(10))
        }
        #expect(server.connectionCount == 0)
    }

    /// What the server says to these bytes until it closes.
    private func answer(to bytes: [UInt8], at address: SocketAddress) async throws -> String {
        try await RawClient.connect(address).exchange("", bytes, until: untilClosed)
    }

    /// Shakes hands, and waits for the server to close.
    private func shakeHands(
        _ address: SocketAddress, name: String = "test.example", protocols: [String]
    ) async throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        configuration.applicationProtocols = protocols
        let context = try NIOSSLContext(configuration: configuration)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        NIOSSLClientHandler(context: context, serverHostname: name))
                }
            }
            .connect(to: address).get()
        try await channel.closeFuture.get()
    }

    @Test func silenceEnds() async throws {
        try await withDoor({ $0.limits.headerTimeout = .milliseconds(50) }) { address, _ in
            // The latter is the beginning of a message that promises more.
            for bytes in [[], [22, 3, 1, 1, 0, 1]] as [[UInt8]] {
                let answer = try await answer(to: bytes, at: address)
                #expect(answer.isEmpty)
            }
        }
    }

    @Test("whoever says nothing after the handshake is closed", arguments: ["h2", "http/1.1"])
    func silenceAfterTheHandshakeEnds(name: String) async throws {
        try await withDoor({ configuration in
            configuration.limits.headerTimeout = .milliseconds(300)
            configuration.limits.idleTimeout = .milliseconds(50)
            configuration.limits.stallTimeout = .milliseconds(50)
        }) { address, _ in
            try await shakeHands(address, protocols: [name])
        }
    }

    @Test func namesWithoutCertificateAreRefused() async throws {
        try await withDoor { address, _ in
            try await shakeHands(address, name: "unknown.example", protocols: ["h2"])
        }
    }

    @Test func whoSpeaksHTTPIsToldSo() async throws {
        try await withDoor { address, _ in
            let answer = try await answer(to: Array("GET / HTTP/1.1\r\n\r\n".utf8), at: address)
            #expect(answer.hasSuffix("This port speaks TLS: use https:// or wss://.\n"))
            let other = try await self.answer(to: Array("\u{13}/multistream/1.0.0\n".utf8), at: address)
            #expect(other == "")
        }
    }

    @Test("messages that are too long, or none", arguments: [1, 100, 16_384])
    func giants(recordSize: Int) async throws {
        try await withDoor { address, _ in
            // The header of a message of 16 MiB, and on and on in records.
            var bytes: [UInt8] = []
            var message = [1, 255, 255, 255] + [UInt8](repeating: 0, count: 40_000)
            while !message.isEmpty {
                let record = message.prefix(recordSize)
                bytes += [22, 3, 1, UInt8(record.count >> 8), UInt8(record.count & 0xFF)] + record
                message.removeFirst(record.count)
            }
            let answer = try await answer(to: bytes, at: address)
            #expect(answer.isEmpty)
        }
    }

    @Test func thePlacesAreThoseOfBothPorts() async throws {
        let caps = ConnectionCaps(perIP: 1)
        try await withServer({ $0.caps = caps }) { plain, plainServer in
            try await withDoor({ $0.caps = caps }) { address, server in
                let holder = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .connect(to: plain).get()
                for _ in 0..<500 where plainServer.connectionCount == 0 {
                    try await server.loops.next().sleep(for: .milliseconds(10))
                }
                #expect(try await answer(to: [22], at: address) == "")
                #expect(server.connectionCount == 0)
                try await holder.close()
                await noneLeft(plainServer)
                try await withServer({ $0.caps = caps }) { another, _ in
                    let served = try await RawClient.connect(another)
                        .exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", until: untilClosed)
                    #expect(served.hasPrefix("HTTP/1.1 200"))
                }
            }
        }
    }
}
