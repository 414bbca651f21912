import LibP2PCore
import LibP2PMuxers
import NIOCore
import NIOEmbedded
import Testing

@Suite struct MuxerHandlerTests {
    // MARK: Gathering

    @Test func oneTickIsOneWrite() throws {
        let peer = try RawPeer(Yamux(), role: .dialer)
        for size in [10, 20, 30] {
            let stream = try peer.openStream()
            #expect(try stream.offer(ByteBuffer(repeating: 1, count: size)))
        }
        let writes = try peer.writes()
        #expect(writes.map(\.readableBytes) == [3 * YamuxHeader.size + 60])
        peer.finish()
    }

    @Test func largePayloadIsNotCopied() throws {
        let peer = try RawPeer(Yamux(), role: .dialer)
        let stream = try peer.openStream()
        let payload = ByteBuffer(repeating: 1, count: 60_000)
        #expect(try stream.offer(payload))
        let writes = try peer.writes()
        #expect(writes.map(\.readableBytes) == [YamuxHeader.size, 60_000])
        let place = payload.withUnsafeReadableBytes { $0.baseAddress }
        #expect(writes.last?.withUnsafeReadableBytes { $0.baseAddress } == place)
        peer.finish()
    }

    @Test func nothingIsWrittenToAFullSocket() throws {
        let peer = try RawPeer(Yamux(), role: .dialer)
        peer.channel.isWritable = false
        let stream = try peer.openStream()
        #expect(try stream.offer(ByteBuffer(repeating: 1, count: 100)))
        for value in 0..<100 { try peer.send(.ping, .syn, stream: 0, length: UInt32(value)) }
        #expect(try peer.writes().isEmpty)
        peer.channel.isWritable = true
        peer.channel.pipeline.fireChannelWritabilityChanged()
        let headers = try peer.headers()
        #expect(headers.filter { $0.kind == .ping }.count == 32)
        #expect(headers.last == YamuxHeader(.data, .syn, stream: 1, length: 100))
        peer.finish()
    }

    @Test func windowUpdatesFollowTheReader() throws {
        let peer = try RawPeer(Yamux(), role: .dialer)
        let stream = try peer.openStream()
        try peer.send(.data, .ack, stream: 1, length: 200_000)
        #expect(try peer.headers() == [YamuxHeader(.windowUpdate, .syn, stream: 1)])
        #expect(stream.takeInput()?.readableBytes == 200_000)
        #expect(try peer.headers() == [YamuxHeader(.windowUpdate, stream: 1, length: 200_000)])
        peer.finish()
    }

    // MARK: Beginning and end

    @Test func whatComesBeforeTheStartIsKept() throws {
        let peer = try RawPeer(Yamux(), starts: false)
        try peer.send(.ping, .syn, stream: 0, length: 5)
        try peer.send(.ping, .syn, stream: 0, length: 6)
        #expect(try peer.headers().isEmpty)
        peer.start()
        #expect(try peer.headers().map(\.length) == [5, 6])
        peer.finish()
    }

    @Test func aChannelThatClosedBeforeTheStartEndsTheConnection() throws {
        let peer = try RawPeer(Yamux(), starts: false)
        peer.channel.close(promise: nil)
        peer.loop.run()
        peer.start()
        #expect(peer.owner.closeReason == NetworkError(.closed, ""))
        #expect(throws: NetworkError(.closed, "")) { try peer.openStream() }
    }

    @Test func closingSaysGoodbye() throws {
        let peer = try RawPeer(Yamux())
        peer.connection.assumeIsolated { $0.close(.internalError) }
        #expect(try peer.headers() == [YamuxHeader(.goAway, stream: 0, length: 2)])
        #expect(!peer.channel.isActive)
        #expect(peer.owner.closeReason == NetworkError(.closed, ""))
    }

    static let violations: [(String, [UInt8])] = [
        ("version 1", [1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]),
        ("type 4", [0, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]),
        ("a stream of our parity", [0, 1, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0]),
        ("data on stream 0", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        ("more than the window", [0, 0, 0, 1, 0, 0, 0, 1, 0, 4, 0, 1]),
        ("a stream opened twice", [0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0]),
        ("data after the end", [0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]),
    ]

    @Test(arguments: violations) func yamuxMustClose(what: String, bytes: [UInt8]) throws {
        let peer = try RawPeer(Yamux())
        try peer.send(bytes)
        #expect(try peer.headers().last == YamuxHeader(.goAway, stream: 0, length: 1), "\(what)")
        #expect(!peer.channel.isActive)
        #expect(peer.owner.closeReason == NetworkError(.malformed, ""))
    }

    @Test(
        arguments: [
            ("flag 7", [0x07, 0x00]), ("2 MiB", [0x02, 0x80, 0x80, 0x80, 0x01]),
            ("a stream opened twice", [0x00, 0x00, 0x00, 0x00]),
            ("an endless varint", Array(repeating: 0x80, count: 9)),
        ] as [(String, [UInt8])])
    func mplexMustClose(what: String, bytes: [UInt8]) throws {
        let peer = try RawPeer(Mplex())
        try peer.send(bytes)
        #expect(!peer.channel.isActive, "\(what)")
        #expect(peer.owner.closeReason == NetworkError(.malformed, ""))
    }

    // MARK: Time

    @Test func pingsEveryThirtySeconds() throws {
        let peer = try RawPeer(Yamux())
        for round in 1...3 {
            peer.loop.advanceTime(by: .seconds(29))
            #expect(try peer.headers().isEmpty)
            peer.loop.advanceTime(by: .seconds(1))
            #expect(try peer.headers() == [YamuxHeader(.ping, .syn, stream: 0, length: UInt32(round))])
            try peer.send(.ping, .ack, stream: 0, length: UInt32(round))
        }
        peer.finish()
    }

    @Test func aSilentPeerIsGivenUp() throws {
        let peer = try RawPeer(Yamux())
        peer.loop.advanceTime(by: .seconds(30))
        #expect(peer.owner.closeReason == nil)
        peer.loop.advanceTime(by: .seconds(30))
        #expect(peer.owner.closeReason == NetworkError(.timeout, ""))
        #expect(!peer.channel.isActive)
    }

    @Test func aFullSocketIsGivenUp() throws {
        let peer = try RawPeer(Yamux(), role: .dialer)
        peer.channel.isWritable = false
        _ = try peer.openStream()
        peer.loop.advanceTime(by: .seconds(9))
        #expect(peer.owner.closeReason == nil)
        peer.loop.advanceTime(by: .seconds(2))
        #expect(peer.owner.closeReason == NetworkError(.timeout, ""))
        #expect(!peer.channel.isActive)
    }
}
