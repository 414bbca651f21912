import LibP2PCore
import LibP2PTransports
import Testing

@Suite struct DNSServerTests {
    @Test(arguments: ["192.0.2.1:53", "127.0.0.1:65535", "[2001:db8::1]:5353"])
    func serversRoundTrip(text: String) throws {
        #expect(try DNSServer(text).description == text)
    }

    @Test(arguments: [
        "", "192.0.2.1", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "2001:db8::1:53", "dns.example:53",
        "[192.0.2.1]:53", "[]:53", "[:53",
    ])
    func otherTextsAreRefused(text: String) {
        #expect(throws: NetworkError(.unsupportedAddress, "")) { try DNSServer(text) }
    }
}
