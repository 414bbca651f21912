import Multiformats
import Testing

@testable import StarSignalling

@Suite("Only proxies that are named may say who asks")
struct ClientAddressTests {
    private let trusted = ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"].compactMap { IPPrefix($0) }

    @Test(
        "the last hop that no trusted proxy is",
        arguments: [
            ("192.0.2.7", ["198.51.100.1"], "192.0.2.7"),
            ("127.0.0.1", [], "127.0.0.1"),
            ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
            ("::ffff:127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
            ("127.0.0.1", ["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
            ("127.0.0.1", ["203.0.113.9, 198.51.100.1,10.1.2.3"], "198.51.100.1"),
            ("127.0.0.1", ["203.0.113.9", "198.51.100.1", "10.1.2.3"], "198.51.100.1"),
            ("127.0.0.1", ["10.1.2.3, 10.1.2.4"], "10.1.2.3"),
            ("127.0.0.1", ["198.51.100.1, unknown"], "127.0.0.1"),
            ("127.0.0.1", ["198.51.100.1, unknown, 10.0.0.1"], "10.0.0.1"),
            ("127.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
            ("127.0.0.1", ["[2a00::1]:4711"], "2a00::1"),
            ("2001:db8::1", ["  2a00::1\t"], "2a00::1"),
            ("127.0.0.1", [""], "127.0.0.1"),
        ])
    func resolve(peer: String, forwarded: [String], client: String) {
        #expect(
            ClientAddress.resolve(peer: IPAddress(peer), forwarded: forwarded, trusted: trusted) == IPAddress(client))
    }

    @Test("without trusted proxies the header means nothing")
    func untrusted() {
        let peer = IPAddress("127.0.0.1")
        #expect(ClientAddress.resolve(peer: peer, forwarded: ["198.51.100.1"], trusted: []) == peer)
        #expect(ClientAddress.resolve(peer: nil, forwarded: ["198.51.100.1"], trusted: trusted) == nil)
    }
}
