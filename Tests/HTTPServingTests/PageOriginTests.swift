import HTTPTypes
import Testing

@testable import HTTPServing

@Suite("The page shows the star's addresses as they are right for who looks")
struct PageOriginTests {
    @Test(
        "by host, port and scheme",
        arguments: [
            ("star.example.org", "https", "/dns4/star.example.org/tcp/443/wss/p2p-webrtc-star"),
            ("star.example.org", "http", "/dns4/star.example.org/tcp/80/ws/p2p-webrtc-star"),
            ("star.example.org:8443", "https", "/dns4/star.example.org/tcp/8443/wss/p2p-webrtc-star"),
            ("star.example.org:8080", "HTTP, https", "/dns4/star.example.org/tcp/8080/ws/p2p-webrtc-star"),
            ("xn--strn-0ra.example.", "https", "/dns4/xn--strn-0ra.example/tcp/443/wss/p2p-webrtc-star"),
            ("localhost:8080", "http", "/dns4/localhost/tcp/8080/ws/p2p-webrtc-star"),
            ("192.0.2.7:13579", "http", "/ip4/192.0.2.7/tcp/13579/ws/p2p-webrtc-star"),
            ("[2001:db8::7]:443", "https", "/ip6/2001:db8::7/tcp/443/wss/p2p-webrtc-star"),
            ("[2001:db8::7]", "http", "/ip6/2001:db8::7/tcp/80/ws/p2p-webrtc-star"),
        ])
    func address(authority: String, scheme: String, expected: String) throws {
        let origin = try #require(PageOrigin(request(authority, forwarded: scheme)))
        #expect(origin.starAddresses.map(\.address) == [expected])
    }

    @Test("both, when a proxy may have ended TLS without saying so")
    func unknownScheme() throws {
        let origin = try #require(PageOrigin(request("a.example")))
        #expect(origin.starAddresses.map(\.scheme) == ["https", "http"])
        #expect(
            origin.starAddresses.map(\.address) == [
                "/dns4/a.example/tcp/443/wss/p2p-webrtc-star", "/dns4/a.example/tcp/80/ws/p2p-webrtc-star",
            ])
        #expect(try #require(PageOrigin(request("a.example", scheme: "https"))).isSecure == true)
    }

    @Test(
        "not for what is no host",
        arguments: [
            "", ".", "<script>", "a/b", "a b", "a:b", "a:0", "a:65536", "a:+80", "a:80:80", "[a]", "[::1", "[::1]80",
            "[fe80::1%eth0]", "ä.example", String(repeating: "a", count: 254),
        ])
    func refused(authority: String) {
        #expect(PageOrigin(request(authority)) == nil)
    }

    @Test("in the page, without anything from outside")
    func page() async throws {
        try await withServer { address, _ in
            func page(_ fields: String) async throws -> String {
                try await RawClient.connect(address)
                    .exchange("GET / HTTP/1.1\r\n\(fields)\r\n\r\n") { $0.hasSuffix("</html>\n") }
            }
            let secure = try await page("Host: star.example\r\nX-Forwarded-Proto: https")
            #expect(secure.contains("<code>/dns4/star.example/tcp/443/wss/p2p-webrtc-star</code>"))
            #expect(!secure.contains("/ws/p2p-webrtc-star"))
            let unknown = try await page("Host: star.example")
            #expect(unknown.contains("/dns4/star.example/tcp/443/wss/p2p-webrtc-star"))
            #expect(unknown.contains("/dns4/star.example/tcp/80/ws/p2p-webrtc-star"))
            let hostile = try await page("Host: <b>")
            #expect(!hostile.contains("<b>"))
            for page in [secure, unknown, hostile] {
                #expect(!page.contains("src="))
                // Its icon is none.
                #expect(!page.replacing("href=\"data:,\"", with: "").contains("href="))
            }
        }
    }

    private func request(_ authority: String, scheme: String = "http", forwarded: String? = nil) -> HTTPRequest {
        var request = HTTPRequest(method: .get, scheme: scheme, authority: authority, path: "/")
        if let forwarded, let name = HTTPField.Name("X-Forwarded-Proto") { request.headerFields[name] = forwarded }
        return request
    }
}
