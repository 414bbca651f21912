import LibP2PTesting
import NIOCore
import Testing

@testable import StarSignalling

@Suite("Handshakes are read without being decoded")
struct HandshakeOfferTests {
    static func offer(_ text: String) -> HandshakeOffer? { HandshakeOffer(ByteBuffer(string: text)) }

    @Test("the last of doubled keys counts, and keys may be escaped")
    func keys() throws {
        let offer = try #require(
            Self.offer(
                #" { "srcMultiaddr" : "/x" , "dstMultiaddr":"/b","\u0073rcMultiaddr":"\/a" ,"answer":false,"# + "\n"
                    + #""answer" : true } "#))
        #expect(offer.source == StarAddress("/a"))
        #expect(offer.target == StarAddress("/b"))
        #expect(offer.isAnswer)
    }

    @Test("what stands deeper does not count")
    func depth() throws {
        let offer = try #require(
            Self.offer(
                #"{"signal":{"srcMultiaddr":"/x","answer":true,"a":["]}",{"b":"\""}]},"srcMultiaddr":"/a","#
                    + #""dstMultiaddr":"/b","answer":"true"}"#))
        #expect(offer.source == StarAddress("/a"))
        #expect(!offer.isAnswer)
    }

    @Test("the text comes back as it was, with the error put in")
    func refused() throws {
        let text = #"{"srcMultiaddr":"/a", "x":[1, 2],"dstMultiaddr":"/b" } "#
        let offer = try #require(Self.offer(text))
        #expect(
            String(buffer: offer.refused)
                == #"{"srcMultiaddr":"/a", "x":[1, 2],"dstMultiaddr":"/b" ,"err":"peer is not available"} "#)
    }

    @Test("an error that is there already is put right")
    func replaced() throws {
        let offer = try #require(Self.offer(#"{"err":{"a":1},"srcMultiaddr":"/a","err":null,"dstMultiaddr":"/b"}"#))
        #expect(
            String(buffer: offer.refused)
                == #"{"err":{"a":1},"srcMultiaddr":"/a","err":"peer is not available","dstMultiaddr":"/b"}"#)
    }

    @Test(
        "what is no offer is none",
        arguments: [
            "", " ", "{", "}", "{}", "[]", "null", #"{"srcMultiaddr"#, #"{"srcMultiaddr":"/a","dstMultiaddr":"/b""#,
            #"{"srcMultiaddr":"/a","dstMultiaddr":null}"#, #"{"srcMultiaddr":"","dstMultiaddr":"/b"}"#,
            #"{"srcMultiaddr":"/a","dstMultiaddr":"\ud834"}"#, #"{"srcMultiaddr":"/a" "dstMultiaddr":"/b"}"#,
        ])
    func none(text: String) { #expect(Self.offer(text) == nil) }

    @Test("no bytes trap, and what is refused stays an offer", arguments: 1...20 as ClosedRange<UInt64>)
    func mutations(seed: UInt64) {
        let valid = #"{"err":1,"srcMultiaddr":"/\u00e4","dstMultiaddr":"/b","signal":{"sdp":"v=0\r\n","a":[{}]}}"#
        var generator = SeededGenerator(seed: seed)
        var count = 0
        for bytes in generator.mutations(of: Array(valid.utf8), count: 200) {
            guard let offer = HandshakeOffer(ByteBuffer(bytes: bytes)) else { continue }
            count += 1
            let again = HandshakeOffer(offer.refused)
            #expect(again?.source == offer.source && again?.target == offer.target)
        }
        #expect(count > 0)
    }
}
