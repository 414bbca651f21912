import Foundation
import LibP2PTesting
import NIOCore
import Testing

@testable import LibP2PCore

/// The multistream section of `wire-basics.json`.
private struct MultistreamVectors: Decodable {
    struct ListResponse: Decodable {
        let protocols: [String]
        let hex: String
    }
    struct BadMessage: Decodable {
        let hex: String
        let why: String
    }
    let header_hex: String
    let noise_hex: String
    let na_hex: String
    let ls_request_hex: String
    let ls_response: ListResponse
    let dialer_pipelined_hex: String
    let errors: [BadMessage]

    static let shared: MultistreamVectors = {
        struct File: Decodable { let multistream: MultistreamVectors }
        do {
            return try TestVectors.load("wire-basics", as: File.self).multistream
        } catch {
            fatalError("The vectors cannot be read: \(error)")
        }
    }()
}

private func buffer(_ hex: String) -> ByteBuffer {
    var bytes: [UInt8] = []
    var rest = hex[...]
    while rest.count >= 2 {
        bytes.append(UInt8(rest.prefix(2), radix: 16) ?? 0)
        rest = rest.dropFirst(2)
    }
    return ByteBuffer(bytes: bytes)
}

private func joined(_ parts: String...) -> ByteBuffer { buffer(parts.joined()) }

@Suite struct MultistreamTests {
    private let vectors = MultistreamVectors.shared
    private let ids: [ProtocolID] = ["/ipfs/kad/1.0.0", "/ipfs/id/1.0.0"]

    /// Feeds all bytes to a listener that speaks noise.
    private func listen(_ input: ByteBuffer, speaks: ProtocolID = "/noise") throws -> (
        steps: [MultistreamListener.Step], rest: ByteBuffer
    ) {
        var listener = MultistreamListener()
        var input = input
        var steps: [MultistreamListener.Step] = []
        while let step = try listener.next(from: &input, supports: { $0 == speaks }, protocols: { ids }) {
            steps.append(step)
            if case .agreed = step { break }
        }
        return (steps, input)
    }

    @Test func theDialerSendsHeaderAndProposalAtOnce() throws {
        #expect(try MultistreamDialer(proposing: ["/noise"]).opening() == buffer(vectors.dialer_pipelined_hex))
    }

    @Test func theListenerAnswersHeaderAndEchoAtOnceAndKeepsWhatFollows() throws {
        let (steps, rest) = try listen(joined(vectors.dialer_pipelined_hex, "aabbcc"))
        #expect(steps == [.more, .agreed("/noise", reply: joined(vectors.header_hex, vectors.noise_hex))])
        #expect(rest == buffer("aabbcc"))
    }

    @Test func everySplitOfTheBytesGivesTheSame() throws {
        let whole = buffer(vectors.dialer_pipelined_hex)
        for cut in 0..<whole.readableBytes {
            var listener = MultistreamListener()
            var input = try #require(whole.getSlice(at: 0, length: cut))
            var steps: [MultistreamListener.Step] = []
            while let step = try listener.next(from: &input, supports: { _ in true }, protocols: { [] }) {
                steps.append(step)
            }
            input.writeImmutableBuffer(try #require(whole.getSlice(at: cut, length: whole.readableBytes - cut)))
            while let step = try listener.next(from: &input, supports: { _ in true }, protocols: { [] }) {
                steps.append(step)
            }
            // The header's answer leaves before the proposal has come whole.
            let header = buffer(vectors.header_hex)
            if cut >= header.readableBytes {
                #expect(steps == [.reply(header), .agreed("/noise", reply: buffer(vectors.noise_hex))])
            } else {
                #expect(steps == [.more, .agreed("/noise", reply: joined(vectors.header_hex, vectors.noise_hex))])
            }
        }
    }

    @Test func unknownProtocolsAreRefusedAndTheListIsTold() throws {
        let (steps, _) = try listen(
            joined(vectors.header_hex, vectors.ls_request_hex, "042f786d0a", vectors.noise_hex))
        #expect(
            steps == [
                .more, .reply(joined(vectors.header_hex, vectors.ls_response.hex)), .reply(buffer(vectors.na_hex)),
                .agreed("/noise", reply: buffer(vectors.noise_hex)),
            ])
    }

    @Test(arguments: MultistreamVectors.shared.errors.map(\.hex)) func badMessagesAreErrors(hex: String) {
        #expect(throws: NetworkError.self) { try listen(buffer(hex)) }
        var dialer = MultistreamDialer(proposing: ["/noise"])
        var input = buffer(hex)
        #expect(throws: NetworkError.self) { try dialer.next(from: &input) }
    }

    @Test func theHeaderMustComeFirst() {
        #expect(throws: NetworkError(.malformed, "")) { try listen(buffer(vectors.noise_hex)) }
    }

    @Test func proposalsAreBounded() {
        let many = joined(vectors.header_hex, String(repeating: "042f786d0a", count: Multistream.maxProposals))
        #expect(throws: Never.self) { try listen(many) }
        var more = many
        more.writeImmutableBuffer(buffer("042f786d0a"))
        #expect(throws: NetworkError(.unsupportedProtocol, "")) { try listen(more) }
    }

    @Test func theDialerGoesThroughItsProposals() throws {
        var dialer = MultistreamDialer(proposing: ["/x", "/noise"])
        var input = joined(vectors.header_hex, vectors.na_hex, vectors.noise_hex, "ff")
        #expect(try dialer.next(from: &input) == .more)
        #expect(try dialer.next(from: &input) == .propose(buffer(vectors.noise_hex)))
        #expect(try dialer.next(from: &input) == .agreed("/noise"))
        #expect(input == buffer("ff"))
    }

    @Test func theDialerGivesUpAfterItsLastProposal() throws {
        var dialer = MultistreamDialer(proposing: ["/x"])
        var input = joined(vectors.header_hex, vectors.na_hex)
        _ = try dialer.next(from: &input)
        #expect(throws: NetworkError(.unsupportedProtocol, "")) { try dialer.next(from: &input) }
    }

    @Test func anotherAnswerThanTheProposalIsAnError() throws {
        var dialer = MultistreamDialer(proposing: ["/x"])
        var input = joined(vectors.header_hex, vectors.noise_hex)
        _ = try dialer.next(from: &input)
        #expect(throws: NetworkError(.malformed, "")) { try dialer.next(from: &input) }
    }

    @Test func mutatedConversationsNeverTrap() {
        let random = RandomSource(seed: 7)
        let whole = [UInt8](
            joined(vectors.header_hex, vectors.ls_request_hex, vectors.na_hex, vectors.noise_hex).readableBytesView)
        for _ in 0..<5_000 {
            var bytes = whole
            for _ in 0...(random.next() % 4) {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            bytes = Array(bytes.prefix(Int(random.next() % UInt64(bytes.count + 1))))
            _ = try? listen(ByteBuffer(bytes: bytes))
            var dialer = MultistreamDialer(proposing: ["/noise", "/x"])
            var input = ByteBuffer(bytes: bytes)
            while let step = try? dialer.next(from: &input) {
                if case .agreed = step { break }
            }
        }
    }
}
