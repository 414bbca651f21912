import AsyncHTTPClient
import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import Logging
import Multiformats
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

@testable import DelegatedRouting

@Suite("Another delegate is asked within limits, and left alone when it fails")
struct UpstreamTests {
    private let loop = SimulatedLoop()
    private let executor: LoopExecutor
    private let server = ScriptedServer()
    private let cid = CID(codec: .raw, multihash: .sha256(of: [1]))
    private let id = "12D3KooWM8sovaEGU1bmiWGWAzvs47DEcXKZZTuJnpQyVTkRs2Vn"

    init() { executor = LoopExecutor(loop) }

    private func upstream(_ adjust: (inout Upstream.Settings) -> Void = { _ in }) throws -> Upstream {
        var settings = Upstream.Settings()
        adjust(&settings)
        let server = server
        return Upstream(
            try UpstreamURL("http://up.example.org"), settings, on: executor, random: RandomSource(seed: 1),
            logger: Logger(label: "test")
        ) { try server.answer($0) }
    }

    /// Asks for providers; the search's end and what it found can be watched.
    private func ask(_ upstream: Upstream) -> (search: Search, task: Task<Void, Never>) {
        let (search, cid) = (Search(), cid)
        let task = executor.spawn {
            do {
                try await UpstreamRouter(upstream).findProviders(of: cid, limit: 0) { search.found($0) }
                search.end(nil)
            } catch {
                search.end(error)
            }
        }
        loop.runDue()
        return (search, task)
    }

    private var line: String { #"{"Schema":"peer","ID":"\#(id)","Addrs":[],"Protocols":[]}"# + "\n" }

    @Test func asksByTheVersionThatAllKnowAndTellsRecordsAsTheyCome() throws {
        let body = server.stream(type: "application/x-ndjson")
        let search = ask(try upstream()).search
        let request = try #require(server.requests.first)
        #expect(request.url == "http://up.example.org/routing/v1/providers/\(cid)")
        #expect(request.headers.first(name: "Accept") == "application/x-ndjson, application/json;q=0.9")
        #expect(request.headers.first(name: "Via") == "1.1 waystation-delegate")
        body.yield(ByteBuffer(string: line))
        loop.runDue()
        #expect(search.count == 1 && !search.isOver)
        body.finish()
        loop.runDue()
        #expect(search.isOver && search.error == nil)
    }

    @Test func whatCameInTimeCountsAndTheServerIsNoneTheWorse() throws {
        let upstream = try upstream { $0.breaker.timeouts = 1 }
        let body = server.stream(type: "application/x-ndjson")
        let search = ask(upstream).search
        body.yield(ByteBuffer(string: line))
        loop.advance(by: .seconds(11))
        #expect(search.isOver && search.error == nil && search.count == 1)
        #expect(upstream.statistics.failures == 0 && !upstream.statistics.isOpen)
        // A slow drip that makes no record does not count.
        let other = server.stream(type: "application/x-ndjson")
        let second = ask(upstream).search
        other.yield(ByteBuffer(string: "{"))
        loop.advance(by: .seconds(11))
        #expect(second.error?.code == .unavailable)
        #expect(upstream.statistics.isOpen)
    }

    @Test func aFailingServerIsPassedOverAndTriedAgain() throws {
        let upstream = try upstream()
        for status in [500, 502, 503] {
            server.say(status)
            #expect(ask(upstream).search.error?.code == .unavailable)
        }
        #expect(ask(upstream).search.error?.code == .busy)
        #expect(server.requests.count == 3)
        loop.advance(by: .seconds(7))
        server.say(200, "application/json", "{\"Providers\":[\(line)]}")
        #expect(ask(upstream).search.count == 1)
        #expect(!upstream.statistics.isOpen)
        #expect(upstream.statistics.requests == 4 && upstream.statistics.failures == 3)
        #expect(upstream.statistics.passedOver == 1 && upstream.statistics.underWay == 0)
    }

    @Test func itHasNothingOrSpeaksOtherwise() throws {
        let upstream = try upstream { $0.breaker.failures = .max }
        for (status, type) in [(404, "text/html"), (501, "text/plain"), (422, "text/plain"), (200, "text/plain")] {
            server.say(status, type, "no")
            let search = ask(upstream).search
            #expect(search.isOver && search.error == nil && search.count == 0)
        }
        for (type, body) in [("text/html", "<p>"), ("application/json", "<p>"), ("application/json", "[]")] {
            server.say(200, type, body)
            #expect(ask(upstream).search.error?.code == .unavailable)
        }
    }

    @Test func redirectionsAreFollowedAFewTimesWithinTheHost() throws {
        let upstream = try upstream()
        server.say(308, location: "https://up.example.org/other")
        server.say(200, "application/x-ndjson", line)
        #expect(ask(upstream).search.count == 1)
        #expect(server.requests.last?.url == "https://up.example.org/other")
        server.say(302, location: "http://127.0.0.1:8003/metrics")
        #expect(ask(upstream).search.error?.code == .unavailable)
        #expect(server.requests.count == 3)
        for _ in 0..<10 { server.say(302, location: "/again") }
        #expect(ask(upstream).search.error?.code == .unavailable)
        #expect(server.requests.count == 7)
    }

    @Test func requestsUnderWayAreLimited() throws {
        let upstream = try upstream { $0.requests = 2 }
        let bodies = (0..<3).map { _ in server.stream(type: "application/x-ndjson") }
        let searches = (0..<3).map { _ in ask(upstream).search }
        #expect(searches[2].error?.code == .busy)
        bodies[0].finish()
        loop.runDue()
        #expect(upstream.statistics.underWay == 1)
        #expect(!ask(upstream).search.isOver)
    }

    @Test func aCancelledRequestSaysNothingOfTheServer() throws {
        let upstream = try upstream { $0.breaker.failures = 1 }
        _ = server.stream(type: "application/x-ndjson")
        let (search, task) = ask(upstream)
        task.cancel()
        loop.runDue()
        #expect(search.isOver)
        #expect(upstream.statistics.underWay == 0 && upstream.statistics.failures == 0)
        #expect(!upstream.statistics.isOpen)
    }

    @Test func onlyThePeerThatWasAskedForIsBelieved() throws {
        let upstream = try upstream()
        let (search, id) = (Search(), try PeerID("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N"))
        server.say(200, "application/x-ndjson", line)
        executor.spawn {
            try? await UpstreamRouter(upstream).findPeer(id) { search.found($0) }
            search.end(nil)
        }
        loop.runDue()
        #expect(search.isOver && search.count == 0)
        #expect(server.requests.first?.url == "http://up.example.org/routing/v1/peers/\(id.cid)")
    }

    // MARK: Names

    private func value(_ upstream: Upstream, _ key: [UInt8], at time: Timestamp) -> [UInt8]? {
        let result = Mutex<[UInt8]?>(nil)
        let router = UpstreamRouter(upstream, clock: WallClock { time })
        let told: @Sendable ([UInt8]?) -> Void = { value in result.withLock { $0 = value } }
        executor.spawn { told(try? await router.value(of: key)) }
        loop.runDue()
        return result.withLock { $0 }
    }

    @Test func recordsOfNamesAreVerified() throws {
        let vectors = try IPNSVectors.load()
        let now = Timestamp(seconds: 1_700_000_000)
        var (believed, refused) = (0, 0)
        for vector in vectors.official + vectors.derived {
            guard let record = vector.record_hex?.bytes, let name = try? PathKey.name(vector.name) else { continue }
            server.say(200, "application/vnd.ipfs.ipns-record", bytes: record)
            let value = value(try upstream(), RoutingAPI.routingKey(name), at: now)
            if vector.expect.hasPrefix("valid") {
                #expect(value == record, "\(vector.label ?? vector.name)")
                believed += 1
            } else {
                #expect(value == nil, "\(vector.label ?? vector.name)")
                refused += 1
            }
        }
        #expect(believed > 0 && refused > 0)
        #expect(server.requests.first?.url.hasPrefix("http://up.example.org/routing/v1/ipns/k") == true)
        #expect(value(try upstream(), Array("/pk/x".utf8), at: now) == nil)
    }
}

/// What a search was told, and how it ended.
final class Search: Sendable {
    private let records = Mutex<[RoutingRecord]>([])
    private let ending = Mutex<Result<Void, any Error>?>(nil)

    func found(_ record: RoutingRecord) { records.withLock { $0.append(record) } }
    func end(_ error: (any Error)?) { ending.withLock { $0 = error.map { .failure($0) } ?? .success(()) } }

    var found: [RoutingRecord] { records.withLock { $0 } }
    var count: Int { found.count }
    var isOver: Bool { ending.withLock { $0 != nil } }
    var error: RoutingError? {
        ending.withLock { ending in
            if case .failure(let error) = ending { return error as? RoutingError }
            return nil
        }
    }
}

/// A server that gives the answers that it was told, one after another.
private final class ScriptedServer: Sendable {
    private struct State {
        var answers: [HTTPClientResponse] = []
        var requests: [HTTPClientRequest] = []
    }

    private let state = Mutex(State())

    var requests: [HTTPClientRequest] { state.withLock { $0.requests } }

    func answer(_ request: HTTPClientRequest) throws -> HTTPClientResponse {
        let answer = state.withLock { state in
            state.requests.append(request)
            return state.answers.isEmpty ? nil : state.answers.removeFirst()
        }
        guard let answer else { throw HTTPClientError.remoteConnectionClosed }
        return answer
    }

    func say(
        _ status: Int, _ type: String? = nil, _ body: String = "", bytes: [UInt8]? = nil, location: String? = nil
    ) {
        var headers = HTTPHeaders()
        if let type { headers.add(name: "Content-Type", value: type) }
        if let location { headers.add(name: "Location", value: location) }
        add(
            HTTPClientResponse(
                status: .init(statusCode: status), headers: headers,
                body: .bytes(ByteBuffer(bytes: bytes ?? Array(body.utf8)))))
    }

    func stream(type: String) -> AsyncStream<ByteBuffer>.Continuation {
        let (stream, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
        add(HTTPClientResponse(headers: ["Content-Type": type], body: .stream(stream)))
        return continuation
    }

    private func add(_ answer: HTTPClientResponse) { state.withLock { $0.answers.append(answer) } }
}
