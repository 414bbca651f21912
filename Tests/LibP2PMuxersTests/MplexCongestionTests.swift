import LibP2PCore
import LibP2PMuxers
import NIOCore
import NIOEmbedded
import Testing

/// mplex has no windows: what a stream's reader leaves is bounded by not reading from the socket, for a while.
@Suite struct MplexCongestionTests {
    @Test func aStreamThatStaysFullIsReset() throws {
        let peer = try RawPeer(Mplex(), handlers: [Sleeper()])
        try open(0, on: peer)
        try open(1, on: peer)
        try flood(0, on: peer)
        #expect(peer.streamCount == 2)
        peer.loop.advanceTime(by: .milliseconds(4900))
        #expect(peer.streamCount == 2)
        peer.loop.advanceTime(by: .milliseconds(200))
        #expect(peer.streamCount == 1)
        #expect(peer.owner.closeReason == nil)
        peer.finish()
    }

    @Test func nothingIsReadMeanwhile() throws {
        let reads = ReadCounter()
        let peer = try RawPeer(Mplex(), handlers: [Sleeper()])
        try peer.channel.pipeline.syncOperations.addHandler(reads, position: .first)
        try open(0, on: peer)
        peer.channel.read()
        #expect(reads.count == 1)
        try flood(0, on: peer)
        peer.channel.read()
        peer.channel.read()
        #expect(reads.count == 1)
        peer.loop.advanceTime(by: .seconds(6))
        #expect(reads.count == 2)
        peer.channel.read()
        #expect(reads.count == 3)
        peer.finish()
    }

    /// Opens a stream and proposes the sleeper's protocol on it, so that its handler holds it open.
    private func open(_ id: UInt64, on peer: RawPeer) throws {
        var proposal = ByteBuffer()
        for text in [Multistream.header, Sleeper.protocolID.name] {
            proposal.writeInteger(UInt8(text.utf8.count + 1))
            proposal.writeString(text + "\n")
        }
        var buffer = ByteBuffer()
        MplexHeader(id: id, flag: .newStream).write(to: &buffer)
        MplexHeader(id: id, flag: .messageInitiator, length: proposal.readableBytes).write(to: &buffer)
        buffer.writeBuffer(&proposal)
        try peer.send(Array(buffer.readableBytesView))
    }

    /// Sends 5 MiB on a stream.
    private func flood(_ id: UInt64, on peer: RawPeer) throws {
        var buffer = ByteBuffer()
        for _ in 0..<5 {
            MplexHeader(id: id, flag: .messageInitiator, length: MplexHeader.maxPayload).write(to: &buffer)
            buffer.writeRepeatingByte(0, count: MplexHeader.maxPayload)
        }
        try peer.send(Array(buffer.readableBytesView))
    }
}

/// Serves a stream by doing nothing for a minute.
private struct Sleeper: StreamHandler {
    static let protocolID: ProtocolID = "/test/sleep"
    let protocols = [Self.protocolID]

    func handle(_ stream: Stream) async throws {
        try await stream.connection.executor.sleep(for: .seconds(60))
    }
}

/// Counts the reads that reach the socket.
private final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    var count = 0

    func read(context: ChannelHandlerContext) { count += 1 }
}
