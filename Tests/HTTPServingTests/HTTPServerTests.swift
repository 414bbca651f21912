import HTTPServing
import HTTPTypes
import Hummingbird
import Multiformats
import NIOCore
import Testing

@Suite("The server answers, and keeps to its limits", .timeLimit(.minutes(1)))
struct HTTPServerTests {
    @Test("the page is there, with what came from outside escaped")
    func page() async throws {
        try await withServer { address, _ in
            let answer = try await RawClient.connect(address)
                .exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n", until: untilAnswered)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("/ip4/127.0.0.1/tcp/4001"))
            #expect(answer.contains("waystation/&lt;test&gt;"))
            #expect(answer.lowercased().contains("\r\ndate: "))
            #expect(!answer.contains("src="))
        }
    }

    @Test("anything else is 404 with a short text", arguments: ["/nothing", "/p2p/12D3KooW", "/socket.io/?EIO=4"])
    func notFound(path: String) async throws {
        try await withServer { address, _ in
            let answer = try await RawClient.connect(address)
                .exchange("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n", until: untilAnswered)
            #expect(answer.hasPrefix("HTTP/1.1 404 Not Found\r\n"))
            #expect(answer.contains("there is nothing at /"))
        }
    }

    @Test("HEAD has the headers of GET and no body; the connection lives on")
    func head() async throws {
        try await withServer { address, _ in
            let answers = try await RawClient.connect(address).exchanges([
                ("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", { $0.hasSuffix("\r\n\r\n") }),
                ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", untilClosed),
            ])
            #expect(answers[0].hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answers[0].hasSuffix("\r\n\r\n"))
            #expect(answers[1].hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answers[1].lowercased().contains("connection: close"))
        }
    }

    @Test("any origin may read")
    func cors() async throws {
        try await withServer { address, _ in
            let answers = try await RawClient.connect(address).exchanges([
                ("GET / HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example\r\n\r\n", untilAnswered),
                (
                    "OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example\r\n"
                        + "Access-Control-Request-Method: POST\r\nConnection: close\r\n\r\n", untilClosed
                ),
            ])
            #expect(answers[0].lowercased().contains("access-control-allow-origin: *"))
            #expect(answers[1].hasPrefix("HTTP/1.1 204"))
            #expect(answers[1].lowercased().contains("access-control-allow-methods:"))
        }
    }

    @Test("pipelined requests are answered in order")
    func pipelining() async throws {
        try await withServer { address, _ in
            let request =
                "GET /one HTTP/1.1\r\nHost: a\r\n\r\nGET /two HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            let answer = try await RawClient.connect(address).exchange(request, until: untilClosed)
            let first = try #require(answer.firstRange(of: "nothing at /one"))
            let second = try #require(answer.firstRange(of: "nothing at /two"))
            #expect(first.upperBound < second.lowerBound)
        }
    }

    @Test("headers that take too long are answered 408")
    func slowHeaders() async throws {
        try await withServer({ $0.limits.headerTimeout = .milliseconds(100) }) { address, _ in
            let answer = try await RawClient.connect(address).exchange("GET / HTTP/1.1\r\nHo", until: untilClosed)
            #expect(answer.hasPrefix("HTTP/1.1 408"))
        }
    }

    @Test("a silent connection ends")
    func silence() async throws {
        try await withServer({ $0.limits.headerTimeout = .milliseconds(50) }) { address, _ in
            let answer = try await RawClient.connect(address).exchange("", until: untilClosed)
            #expect(answer.hasPrefix("HTTP/1.1 408"))
        }
    }

    @Test("a body that takes too long is answered 408, one that is too large 413")
    func bodies() async throws {
        let configure: (inout HTTPServer.Configuration) -> Void = {
            $0.bodyLimit = { method, _ in method == "POST" ? 10 : 0 }
        }
        let hurried: (inout HTTPServer.Configuration) -> Void = {
            configure(&$0)
            $0.limits.bodyTimeout = .milliseconds(100)
        }
        try await withServer(hurried, routes: Self.addEcho) { address, _ in
            let slow = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n123"
            let slowAnswer = try await RawClient.connect(address).exchange(slow, until: untilClosed)
            #expect(slowAnswer.hasPrefix("HTTP/1.1 408"))
        }
        try await withServer(configure, routes: Self.addEcho) { address, _ in
            let large = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n"
            let largeAnswer = try await RawClient.connect(address).exchange(large, until: untilClosed)
            #expect(largeAnswer.hasPrefix("HTTP/1.1 413"))
            let chunked =
                "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n123456\r\n6\r\n123456\r\n"
            let chunkedAnswer = try await RawClient.connect(address).exchange(chunked, until: untilClosed)
            #expect(chunkedAnswer.hasPrefix("HTTP/1.1 413"))
            let fits = "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 10\r\n\r\n1234567890"
            let fitsAnswer = try await RawClient.connect(address).exchange(fits, until: untilClosed)
            #expect(fitsAnswer.hasSuffix("\r\n\r\n1234567890"))
        }
    }

    @Test("a client that waits for 100 Continue gets it")
    func expectation() async throws {
        try await withServer({ $0.bodyLimit = { _, _ in 10 } }, routes: Self.addEcho) { address, _ in
            let answers = try await RawClient.connect(address).exchanges([
                (
                    "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\n"
                        + "Content-Length: 2\r\n\r\n", { $0.hasSuffix("\r\n\r\n") }
                ),
                ("ok", untilClosed),
            ])
            #expect(answers[0].hasPrefix("HTTP/1.1 100 Continue\r\n"))
            #expect(answers[1].hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answers[1].hasSuffix("\r\n\r\nok"))
        }
    }

    @Test("headers beyond 80 KiB are answered 431, what is not HTTP 400")
    func malformed() async throws {
        try await withServer { address, _ in
            let large = "GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 90 * 1024) + "\r\n\r\n"
            let largeAnswer = try await RawClient.connect(address).exchange(large, until: untilClosed)
            #expect(largeAnswer.hasPrefix("HTTP/1.1 431"))
            let junk = "\u{13}/multistream/1.0.0\n"
            let junkAnswer = try await RawClient.connect(address).exchange(junk, until: untilClosed)
            #expect(junkAnswer.hasPrefix("HTTP/1.1 400"))
        }
    }

    @Test("an idle connection ends after its time")
    func idle() async throws {
        try await withServer({ $0.limits.idleTimeout = .milliseconds(50) }) { address, _ in
            let answer = try await RawClient.connect(address)
                .exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n", until: untilClosed)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.hasSuffix("</html>\n"))
        }
    }

    @Test("one address gets no more than its connections")
    func connectionsPerIP() async throws {
        try await withServer({ $0.caps = ConnectionCaps(perIP: 0) }) { address, _ in
            let refused = try await RawClient.connect(address).exchange("GET / HTTP/1.1\r\n\r\n", until: untilClosed)
            #expect(refused.isEmpty)
        }
        let spared: (inout HTTPServer.Configuration) -> Void = {
            $0.caps = ConnectionCaps(perIP: 0, isSpared: \.isLoopback)
        }
        try await withServer(spared) { address, _ in
            let served = try await RawClient.connect(address)
                .exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", until: untilClosed)
            #expect(served.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test("a connection that ends makes room for another")
    func room() async throws {
        try await withServer({ $0.caps = ConnectionCaps(total: 1) }) { address, _ in
            for _ in 0..<3 {
                let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                let answer = try await RawClient.connect(address).exchange(request, until: untilClosed)
                #expect(answer.hasPrefix("HTTP/1.1 200"))
            }
        }
    }

    @Test("a port that is taken is an error with its address")
    func portTaken() async throws {
        try await withServer { address, _ in
            try await withServer { _, server in
                let error = await #expect(throws: HTTPServingError.self) {
                    try await server.start(host: "127.0.0.1", port: address.port ?? 0)
                }
                #expect(error?.code == .cannotBind)
                #expect("\(error.map(\.message) ?? "")".contains("127.0.0.1:\(address.port ?? 0)"))
            }
        }
    }

    private static func addEcho(_ router: Router<ConnectionContext>) {
        router.post("/echo") { request, _ in
            let body = try await request.body.collect(upTo: 100)
            return Response(status: .ok, body: ResponseBody(byteBuffer: body))
        }
    }
}
