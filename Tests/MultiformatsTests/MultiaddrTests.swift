import Foundation
import LibP2PTesting
import Multiformats
import Testing

/// `Tests/Vectors/multiaddr.json`.
struct MultiaddrVectors: Decodable {
    struct Code: Decodable {
        let code: UInt64
        let codeVarintHex: String
    }

    struct Valid: Decodable {
        let string: String
        let bytesHex: String
    }

    struct InvalidBytes: Decodable {
        let hex: String
        let why: String
    }

    struct Canonical: Decodable {
        let `in`: String
        let out: String
    }

    let codes: [String: Code]
    let valid: [Valid]
    let invalidStrings: [String]
    let invalidBytesHex: [InvalidBytes]
    let canonical: [Canonical]

    static func load() throws -> Self { try TestVectors.load("multiaddr", keys: .convertFromSnakeCase) }
}

@Suite struct MultiaddrTests {
    @Test func codesAreThoseOfTheTable() throws {
        for (name, code) in try MultiaddrVectors.load().codes {
            let proto = try #require(MultiaddrProtocol(name: name))
            #expect(proto.rawValue == code.code)
            #expect(Varint.encode(proto.rawValue) == (try hex(code.codeVarintHex)))
        }
    }

    @Test func namesAreUnique() {
        for proto in MultiaddrProtocol.allCases {
            #expect(MultiaddrProtocol(name: proto.name) == proto)
        }
    }

    @Test func validVectorsRoundTrip() throws {
        for vector in try MultiaddrVectors.load().valid {
            let expected = try hex(vector.bytesHex)
            let address = try Multiaddr(vector.string)
            #expect(address.bytes == expected, "\(vector.string)")
            #expect(try Multiaddr(bytes: expected) == address)
            #expect(try Multiaddr(address.description) == address)
            #expect(try Multiaddr(address.components) == address)
            #expect(address.components.map(\.description).joined() == address.description)
            for component in address.components where component.proto != .unix && !component.value.isEmpty {
                #expect(try Multiaddr.Component(component.proto, text: component.text) == component)
            }
            let isCanonical = !["/ipfs/", "/p2p/k", "/p2p/b", "/certhash/b", "/certhash/z"].contains {
                vector.string.contains($0)
            }
            if isCanonical, !vector.string.hasSuffix("/") { #expect(address.description == vector.string) }
        }
    }

    @Test func canonicalFormsPrint() throws {
        for vector in try MultiaddrVectors.load().canonical {
            #expect(try Multiaddr(vector.in).description == vector.out)
        }
    }

    @Test func invalidStringsAreRefused() throws {
        for text in try MultiaddrVectors.load().invalidStrings {
            #expect(throws: MultiformatsError.self, "\(text)") { try Multiaddr(text) }
        }
    }

    @Test func invalidBytesAreRefused() throws {
        for vector in try MultiaddrVectors.load().invalidBytesHex {
            #expect(throws: MultiformatsError.self, "\(vector.why)") { try Multiaddr(bytes: hex(vector.hex)) }
        }
    }

    @Test(arguments: [
        "ip4/1.2.3.4", "//ip4/1.2.3.4", "/ip4/1.2.3.4//tcp/1", "/ip4/1.2.3.4/tcp/1//", "/ip4/01.2.3.4", "/ip4/1.2.3",
        "/ip4/1.2.3.4/tcp/+1", "/tcp/", "/tcp/00", "/dns4//tcp/1", "/dns4/a\nb", "/unix/", "/unix", "/http-path/%2",
        "/http-path/%zz", "/http-path/%+1", "/memory/18446744073709551616", "/certhash/uAA", "/ip6/::1%25eth0",
        "/onion3/vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd:0", "/onion/timaq4ygg2iegci7:80:80",
        "/garlic32/566niximlxdzpanmn4qouucvua3k7neniwss47li5r6ugoertz", "/p2p/12", "/p2p/bafkqaddwgevxmmraojswg33smq",
    ])
    func malformedTextsAreRefused(text: String) {
        #expect(throws: MultiformatsError(.multiaddr, "")) { try Multiaddr(text) }
    }

    @Test(arguments: ["/ip5/1.2.3.4", "/ip4/1.2.3.4/80", "/libp2p-webrtc-star", "/ "])
    func unknownNamesAreRefused(text: String) {
        #expect(throws: MultiformatsError(.unknownProtocol, "")) { try Multiaddr(text) }
    }

    @Test(arguments: [
        "/onion/timaq4ygg2iegci7:1234", "/onion3/vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd:1234/http",
        "/garlic32/566niximlxdzpanmn4qouucvua3k7neniwss47li5r6ugoertzuq/http",
        "/garlic32/566niximlxdzpanmn4qouucvua3k7neniwss47li5r6ugoertzuqzwas", "/http-path/a%20b%2Bc%FF",
        "/ip6/::ffff:1.2.3.4", "/ip6/1::", "/ip6/1:2:3:4:5:6:7:8", "/ip6/2001:db8::1:0:0:1",
        "/memory/18446744073709551615",
    ])
    func lessCommonFormsRoundTrip(text: String) throws {
        let address = try Multiaddr(text)
        #expect(address.description == text)
        #expect(try Multiaddr(bytes: address.bytes) == address)
    }

    @Test func garlic64RoundTrips() throws {
        let address = try Multiaddr([.init(.garlic64, value: (0..<387).map { UInt8($0 & 0xff) }), .init(.http)])
        #expect(try Multiaddr(address.description) == address)
        #expect(throws: MultiformatsError(.multiaddr, "")) {
            try Multiaddr.Component(.garlic64, value: [UInt8](repeating: 0, count: 386))
        }
    }

    @Test func aPathSwallowsTheRest() throws {
        let socket = try Multiaddr("/ip4/1.2.3.4/unix/tcp/80")
        #expect(socket.components.last?.text == "/tcp/80")
        #expect(throws: MultiformatsError(.multiaddr, "")) { try socket.encapsulating(Multiaddr("/tcp/80")) }
    }

    @Test func lengthsAreLimited() throws {
        // One name of 1021 bytes with a code of one byte and a length of two.
        let longest = "/dns/" + String(repeating: "a", count: Multiaddr.maxLength - 3)
        #expect(try Multiaddr(longest).bytes.count == Multiaddr.maxLength)
        #expect(throws: MultiformatsError(.tooLong, "")) { try Multiaddr(longest + "a") }
        #expect(throws: MultiformatsError(.tooLong, "")) { try Multiaddr(longest).encapsulating(Multiaddr("/ws")) }
        let text = String(repeating: "/ws", count: Multiaddr.maxTextLength)
        #expect(throws: MultiformatsError(.tooLong, "")) { try Multiaddr(text) }
    }

    @Test func theLongestTextIsReadAgain() throws {
        let flags = [Multiaddr.Component](repeating: try .init(.p2pWebSocketStar), count: Multiaddr.maxLength / 2)
        let address = try Multiaddr(flags)
        #expect(try Multiaddr(address.description) == address)
    }

    @Test func mutatedBytesAreReadOrRefused() throws {
        var random = SeededGenerator(seed: 6)
        for vector in try MultiaddrVectors.load().valid {
            for mutation in random.mutations(of: try hex(vector.bytesHex), count: 100) {
                guard let address = try? Multiaddr(bytes: mutation) else { continue }
                #expect(address.bytes == mutation)
                #expect(try Multiaddr(address.description) == address, "\(mutation)")
                _ = (address.scope, address.isCircuit, address.tcpPort, address.decapsulating(.p2p))
            }
        }
    }

    @Test func mutatedTextsAreReadOrRefused() throws {
        var random = SeededGenerator(seed: 7)
        for vector in try MultiaddrVectors.load().valid {
            for mutation in random.mutations(of: Array(vector.string.utf8), count: 30) {
                guard let address = try? Multiaddr(String(decoding: mutation, as: UTF8.self)) else { continue }
                #expect(try Multiaddr(bytes: address.bytes) == address)
                #expect(try Multiaddr(address.description) == address)
            }
        }
    }
}
