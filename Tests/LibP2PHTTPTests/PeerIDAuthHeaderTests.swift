import LibP2PIdentity
import LibP2PTesting
import Testing

@testable import LibP2PHTTP

struct PeerIDAuthHeaderTests {
    @Test func readsWhatItWrites() throws {
        var header = PeerIDAuthHeader()
        header.challengeClient = "abc="
        header.challengeServer = "a b,c"
        header.publicKey = [1, 2, 3, 4]
        header.signature = [0xff, 0xfe]
        header.opaque = "opaque"
        header.bearer = "bearer"
        header.expires = "2026-01-01T00:00:00Z"
        let text = try header.text()
        #expect(text.hasPrefix("libp2p-PeerID challenge-client=\"abc=\", "))
        #expect(text.contains("sig=\"__4=\""))
        #expect(try PeerIDAuthHeader.read(text) == header)
    }

    @Test(arguments: [
        "libp2p-PeerID bearer=\"t\"", "LIBP2P-peerid Bearer=\"t\"", "libp2p-PeerID  bearer=\"t\" , ",
        "Basic dXNlcjpwYXNz==, libp2p-PeerID bearer=\"t\"", "Bearer realm=\"a, b\", libp2p-PeerID bearer=\"t\"",
        "libp2p-PeerID other=\"x\" bearer=\"t\"",
        "libp2p-PeerID bearer=\"t\", Digest bearer=plain, nonce=\"libp2p-PeerID\"",
    ])
    func otherSchemesAndForms(text: String) throws {
        var expected = PeerIDAuthHeader()
        expected.bearer = "t"
        #expect(try PeerIDAuthHeader.read(text) == expected)
    }

    @Test(arguments: [
        "", "  ", "Bearer abc", "Basic dXNlcjpwYXNz", "libp2p-PeerIDs bearer=\"t\"", "x=\"libp2p-PeerID\"",
    ])
    func nothingOfTheScheme(text: String) throws {
        #expect(try PeerIDAuthHeader.read(text) == nil)
    }

    @Test(arguments: [
        "libp2p-PeerID bearer=t", "libp2p-PeerID bearer=\"t", "libp2p-PeerID bearer=\"t\"x", "libp2p-PeerID \"t\"",
        "libp2p-PeerID bearer=\"a\", bearer=\"b\"", "libp2p-PeerID bearer=\"a\\\"b\"", "libp2p-PeerID sig=\"+/==\"",
        "libp2p-PeerID sig=\"a\"", "libp2p-PeerID public-key=\"AB=C\"", "libp2p-PeerID bearer=\"\u{e9}\"",
        "libp2p-PeerID bearer=\"a\", libp2p-PeerID sig=\"AAAA\"",
    ])
    func refuses(text: String) {
        #expect(throws: PeerIDAuthError(.malformed, "")) { try PeerIDAuthHeader.read(text) }
    }

    @Test func keysWithAndWithoutPadding() throws {
        #expect(try PeerIDAuthHeader.read("libp2p-PeerID sig=\"__4=\"")?.signature == [0xff, 0xfe])
        #expect(try PeerIDAuthHeader.read("libp2p-PeerID sig=\"__4\"")?.signature == [0xff, 0xfe])
    }

    @Test func isBounded() {
        var header = PeerIDAuthHeader()
        let room = PeerIDAuthHeader.maxLength - "libp2p-PeerID opaque=\"\"".utf8.count
        header.opaque = String(repeating: "x", count: room)
        #expect((try? header.text())?.utf8.count == PeerIDAuthHeader.maxLength)
        header.opaque?.append("x")
        #expect(throws: PeerIDAuthError(.tooLong, "")) { try header.text() }
        #expect(throws: PeerIDAuthError(.tooLong, "")) {
            try PeerIDAuthHeader.read("libp2p-PeerID opaque=\"" + String(repeating: "x", count: room + 1) + "\"")
        }
        header.opaque = "line\r\nInjected: yes"
        #expect(throws: PeerIDAuthError(.malformed, "")) { try header.text() }
    }

    @Test(arguments: 0..<32 as Range<UInt64>)
    func hostileBytes(seed: UInt64) throws {
        let vectors = try PeerIDAuthVectors.load()
        for step in vectors.handshakes.flatMap(\.steps) where step.header != nil {
            for bytes in mutants(of: Array(step.value.utf8), seed: seed) {
                guard let header = try? PeerIDAuthHeader.read(String(decoding: bytes, as: UTF8.self)) else { continue }
                #expect(try PeerIDAuthHeader.read(header.text()) == header)
            }
        }
    }
}
