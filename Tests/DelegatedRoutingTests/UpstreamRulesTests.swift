import HTTPTypes
import LibP2PIdentity
import LibP2PTesting
import Testing

@testable import DelegatedRouting

/// What is pure of asking other delegates: URLs, heads, records as they come, marks.
struct UpstreamRulesTests {
    private let id = "12D3KooWM8sovaEGU1bmiWGWAzvs47DEcXKZZTuJnpQyVTkRs2Vn"
    private let other = "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N"

    private func line(_ id: String, _ addresses: String = "") -> String {
        #"{"Schema":"peer","ID":"\#(id)","Addrs":[\#(addresses)],"Protocols":[]}"#
    }

    // MARK: URLs

    @Test(arguments: [
        ("https://delegate.example.org", "https://delegate.example.org"),
        ("HTTPS://Delegate.Example.org/routing/v1/", "https://delegate.example.org"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/routing/v1", "http://[::1]:8080"),
        ("https://example.org/ipfs/delegate//", "https://example.org/ipfs/delegate"),
    ])
    func urlsAreReadWithAndWithoutThePath(_ text: String, _ expected: String) throws {
        let url = try UpstreamURL(text)
        #expect(url.description == expected)
        #expect(try UpstreamURL(url.description) == url)
        #expect(url.route("/peers/x") == expected + "/routing/v1/peers/x")
    }

    @Test(arguments: [
        "", "delegate.example.org", "ftp://example.org", "https://", "https:///routing/v1", "https://a:b@example.org",
        "https://example.org?x=1", "https://example.org#x", "https://example.org:99999", "file:///etc/passwd",
    ])
    func urlsAreRefused(_ text: String) {
        #expect(throws: RoutingError(.badInput, "")) { try UpstreamURL(text) }
    }

    @Test(arguments: [
        ("/routing/v1/peers/y", "http://a.org:81/routing/v1/peers/y"),
        ("http://a.org:81/x", "http://a.org:81/x"),
        ("https://a.org/x", "https://a.org/x"),
        ("http://b.org:81/x", nil), ("http://a.org:82/x", nil), ("http://a.org/x", nil), ("//b.org/x", nil),
        ("file:///etc/passwd", nil), ("http://u:p@a.org:81/x", nil), ("https://a.org:8443/x", nil),
    ])
    func redirectionsStayOnTheHost(_ location: String, _ expected: String?) {
        #expect(UpstreamURL.redirection(from: "http://a.org:81/routing/v1/peers/x", to: location) == expected)
    }

    @Test func noRedirectionLeavesTLS() {
        #expect(UpstreamURL.redirection(from: "https://a.org/x", to: "http://a.org/x") == nil)
        #expect(UpstreamURL.redirection(from: "https://a.org/x", to: "https://a.org/y") == "https://a.org/y")
    }

    // MARK: Heads

    @Test func headsAreUnderstood() {
        func answer(
            _ status: Int, _ type: String? = nil, to location: String? = nil, after: String? = nil
        ) -> UpstreamAnswer {
            UpstreamAnswer(status, type: type, location: location, retryAfter: after)
        }
        #expect(answer(200, "application/x-ndjson; charset=utf-8") == .success(.peers(.lines)))
        #expect(answer(200, "Application/JSON") == .success(.peers(.json)))
        #expect(answer(200, "application/vnd.ipfs.ipns-record") == .success(.record))
        #expect(answer(200, "text/plain") == .success(.text))
        #expect(answer(204) == .success(.text))
        #expect(answer(200, "text/html") == .success(.foreign("text/html")))
        for status in [400, 404, 405, 422, 501] { #expect(answer(status, "text/html") == .nothing) }
        #expect(answer(302, to: "/x") == .redirection("/x"))
        #expect(answer(302) == .failure("status 302", wait: nil))
        #expect(answer(429, after: "7") == .failure("status 429", wait: .seconds(7)))
        #expect(answer(503, after: "-7") == .failure("status 503", wait: .zero))
        #expect(answer(503, after: "999999999999999") == .failure("status 503", wait: .seconds(86_400)))
        #expect(answer(503, after: "Tue, 01 Jan") == .failure("status 503", wait: nil))
        for status in [101, 300, 304, 401, 403, 500, 502] {
            #expect(answer(status) == .failure("status \(status)", wait: nil))
        }
    }

    // MARK: Records as they come

    /// Reads an answer in pieces of a size.
    private func read(
        _ text: String, _ form: AnswerForm, pieces: Int = 7, limit: Int = 0
    ) throws -> [RoutingRecord] {
        var stream = RecordStream(form, .providers, limit: limit)
        var records: [RoutingRecord] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            records += try stream.read(rest.prefix(pieces))
            rest = rest.dropFirst(pieces)
        }
        return try records + stream.end()
    }

    @Test func linesAreReadAsTheyCome() throws {
        let address = "\"/ip4/192.0.2.1/tcp/4001\""
        let text = "\(line(id, address))\r\n\n  \n\(line(other))\n\(line(id))\n{\"Schema\":\"thing\"}\n\(line(id))"
        for pieces in [1, 7, 1000] {
            let records = try read(text, .lines, pieces: pieces)
            #expect(records.map(\.id.description) == [id, other])
            #expect(records.first?.addresses == ["/ip4/192.0.2.1/tcp/4001"])
        }
        var stream = RecordStream(.lines, .providers)
        #expect(try stream.read(Array("\(line(id))".utf8)) == [])
        #expect(try stream.read(Array("\n".utf8)).count == 1)
        // The last line needs no end.
        #expect(try read("\n" + line(id), .lines).count == 1)
    }

    @Test func objectsAreReadAtTheirEnd() throws {
        let text = #"{"Providers":[\#(line(id)),{"Schema":"x"},5,\#(line(other)),\#(line(id))]}"#
        #expect(try read(text, .json).map(\.id.description) == [id, other])
        #expect(try read(#"{"Providers":null}"#, .json).isEmpty)
        #expect(try read(text, .json, limit: 1).count == 1)
        for bad in ["", "{", "[]", #"{"Providers":5}"#, "<html>"] {
            #expect(throws: RoutingError(.unavailable, "")) { try read(bad, .json) }
        }
    }

    @Test func answersWithoutEndAreCut() throws {
        let long = String(repeating: "a", count: RecordStream.maxLine + 1)
        #expect(throws: RoutingError(.unavailable, "")) { try read(long, .lines, pieces: 1000) }
        #expect(throws: RoutingError(.unavailable, "")) { try read(long + "\n", .lines, pieces: .max) }
        let blanks = String(repeating: "\n", count: RecordStream.maxBytes + 1)
        #expect(throws: RoutingError(.unavailable, "")) { try read(blanks, .lines, pieces: 10_000) }
        #expect(throws: RoutingError(.unavailable, "")) { try read(blanks, .json, pieces: 10_000) }
        let junk = String(repeating: "junk\n", count: RecordStream.maxJunk)
        #expect(try read(junk + line(id), .lines).count == 1)
        #expect(throws: RoutingError(.unavailable, "")) { try read(junk + "junk\n", .lines) }
    }

    @Test func recordsAreLimited() throws {
        var stream = RecordStream(.lines, .providers, limit: 1)
        #expect(try stream.read(Array("\(line(id))\n\(line(other))\n".utf8)).count == 1)
        #expect(stream.isFull)
    }

    @Test func changedBytesAreSurvived() throws {
        let text = Array("\(line(id, "\"/ip4/192.0.2.1/tcp/4001\""))\n\(line(other))\n".utf8)
        var read = 0
        for bytes in mutants(of: text, seed: 5, count: 500) {
            for form in [AnswerForm.lines, .json] {
                var stream = RecordStream(form, .peers)
                read += (try? stream.read(bytes).count) ?? 0
                read += (try? stream.end().count) ?? 0
            }
        }
        #expect(read > 100)
    }

    // MARK: Marks

    @Test func passedOnRequestsAreKnownBehindProxies() throws {
        #expect(!ForwardedRequest.isMarked([:]))
        #expect(!ForwardedRequest.isMarked([.via: "1.1 varnish, 1.1 other (waystation)"]))
        #expect(ForwardedRequest.isMarked([.via: ForwardedRequest.via]))
        #expect(ForwardedRequest.isMarked([.via: "1.1 nginx, 1.1 Waystation-Delegate,2 varnish (x)"]))
        var two = HTTPFields()
        two.append(HTTPField(name: .via, value: "1.1 nginx"))
        two.append(HTTPField(name: .via, value: ForwardedRequest.via))
        #expect(ForwardedRequest.isMarked(two))
    }
}
