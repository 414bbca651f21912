import Foundation
import LibP2PTesting
import NIOCore
import Testing

@testable import StarSignalling

/// The scenarios of Tests/Vectors/webrtc-star.json, frame by frame.
@Suite("The star does what the vectors show")
struct StarVectorTests {
    struct Vectors: Decodable {
        let scenarios: [Scenario]
    }

    struct Scenario: Decodable {
        let name: String
        let c_A: String?
        let c_B: String?
        let s_to_A: String?
        let s_to_B: String?
    }

    static func scenario(_ name: String) throws -> Scenario {
        let vectors: Vectors = try TestVectors.load("webrtc-star")
        return try #require(vectors.scenarios.first { $0.name.hasPrefix(name) })
    }

    /// Sends a frame of the vectors: `42["name",argument]`.
    static func send(_ frame: String?, by client: StarClient) throws {
        let text = ByteBuffer(string: String(try #require(frame).dropFirst(2)))
        let elements = try JSONText.elements(of: text).texts
        let name = try #require(elements.first.flatMap { JSONString.decode($0) })
        client.hub.received(
            SocketEvent(name: name, arguments: Array(elements.dropFirst()), text: text), from: client.socket)
    }

    /// Two peers that joined under the vectors' addresses.
    static func pair(_ laboratory: StarLaboratory) throws -> (a: StarClient, b: StarClient) {
        let pair = (a: laboratory.client(), b: laboratory.client())
        let offer = try #require(try scenario("offer forwarded").c_A)
        let members = try JSONText.elements(of: ByteBuffer(string: String(offer.dropFirst(2)))).texts
        let handshake = try #require(members.last.flatMap { HandshakeOffer($0) })
        pair.a.join(handshake.source.description)
        pair.b.join(handshake.target.description)
        laboratory.settle()
        pair.a.output.texts = []
        pair.b.output.texts = []
        return pair
    }

    @Test("a join is announced to others")
    func join() throws {
        let scenario = try Self.scenario("join")
        try StarLaboratory.run { laboratory in
            let (a, b) = (laboratory.client(), laboratory.peer("/b"))
            try Self.send(scenario.c_A, by: a)
            laboratory.settle()
            #expect(b.output.texts == [scenario.s_to_B])
            laboratory.advance(by: .seconds(10))
            #expect(b.output.texts == [scenario.s_to_B, scenario.s_to_B])
        }
    }

    @Test("an offer is forwarded, and its answer goes back")
    func offerAndAnswer() throws {
        try StarLaboratory.run { laboratory in
            let (a, b) = try Self.pair(laboratory)
            let offer = try Self.scenario("offer forwarded")
            try Self.send(offer.c_A, by: a)
            #expect(b.output.texts == [offer.s_to_B])
            let answer = try Self.scenario("answer")
            try Self.send(answer.c_B, by: b)
            #expect(a.output.texts == [answer.s_to_A])
        }
    }

    @Test("an offer to an absent peer comes back with an error", arguments: [true, false])
    func absent(byLeaving: Bool) throws {
        try StarLaboratory.run { laboratory in
            let (a, b) = try Self.pair(laboratory)
            if byLeaving { b.send("ss-leave") } else { b.disconnect() }
            let scenario = try Self.scenario("offer to an absent peer")
            try Self.send(scenario.c_A, by: a)
            #expect(a.output.texts == [scenario.s_to_A])
            #expect(b.output.texts.isEmpty)
            laboratory.advance(by: .seconds(20))
            #expect(a.heard().isEmpty)
        }
    }
}
