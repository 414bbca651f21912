import LibP2PCore
import LibP2PHTTP
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import Synchronization
import Testing

@testable import Certificates

@Suite("Registration at a broker")
struct BrokerTests {
    /// A broker in memory, which authenticates peers by our own server.
    private final class Fake: Sendable {
        let server: PeerIDAuthServer
        let requests = Mutex<[BrokerRequest]>([])
        let answer: Mutex<BrokerAnswer>

        init(_ answer: BrokerAnswer) throws {
            server = PeerIDAuthServer(identity: try PrivateKey.generate()) { $0 == "broker.example:8443" }
            self.answer = Mutex(answer)
        }

        func respond(to request: BrokerRequest, at now: Timestamp) -> BrokerAnswer {
            let count = requests.withLock { requests in
                requests.append(request)
                return requests.count
            }
            switch server.check(authorization: request.authorization, hostname: "broker.example:8443", at: now) {
            case .authenticated(_, let info):
                var answer = answer.withLock { $0 }
                answer.info = info
                return answer
            case .challenged(let challenge):
                return BrokerAnswer(
                    status: 401, challenges: ["Basic realm=\"x\"", challenge], cookies: ["leg=\(count); Path=/"])
            case .refused(let error):
                return BrokerAnswer(status: 400, text: error.message)
            }
        }
    }

    private let clock = WallClock { Timestamp(seconds: 1_700_000_000) }
    private let value = "jP5hwrZwCbP_qeeET_qAa9pgG0YulNaR0ivruESzCrE"
    private let addresses = [try? Multiaddr("/ip4/142.93.194.175/tcp/49309")].compactMap { $0 }

    private func broker(_ fake: Fake) throws -> AutoTLSBroker {
        AutoTLSBroker(host: "broker.example:8443", identity: try PrivateKey.generate(), clock: clock) { [clock] in
            fake.respond(to: $0, at: clock.now)
        }
    }

    @Test func theNodeBeginsAndSendsItsRegistrationOnce() async throws {
        let fake = try Fake(BrokerAnswer(status: 200))
        let broker = try broker(fake)
        try await broker.register(value, addresses: addresses)
        let requests = fake.requests.withLock { $0 }
        #expect(requests.count == 2)
        #expect(requests.first?.body == nil && requests.first?.cookie == nil)
        let body = try #require(requests.last?.body)
        #expect(
            String(decoding: body, as: UTF8.self)
                == #"{"addresses":["/ip4/142.93.194.175/tcp/49309"],"value":"\#(value)"}"#)
        #expect(requests.last?.cookie == "leg=1")
        // The next time there is a token.
        try await broker.register(value, addresses: addresses)
        #expect(fake.requests.withLock { $0.count } == 3)
    }

    @Test(arguments: [
        (400, CertificateError.Code.brokerRefused), (403, .brokerRefused), (429, .rateLimited), (500, .brokerFailed),
        (301, .brokerFailed),
    ])
    func refusals(status: Int, code: CertificateError.Code) async throws {
        let fake = try Fake(BrokerAnswer(status: status, retryAfter: .seconds(60), text: "words of the broker"))
        let broker = try broker(fake)
        let error = await #expect(throws: CertificateError.self) {
            try await broker.register(value, addresses: addresses)
        }
        #expect(error?.code == code)
        #expect(error?.message.contains("words of the broker") == true)
        #expect(error?.retryAfter == (code == .brokerRefused ? nil : .seconds(60)))
    }

    @Test func aBrokerThatTakesNoProof() async throws {
        let server = PeerIDAuthServer(identity: try PrivateKey.generate()) { _ in true }
        let clock = clock
        let broker = AutoTLSBroker(host: "broker.example", identity: try PrivateKey.generate(), clock: clock) { _ in
            guard case .challenged(let text) = server.check(authorization: nil, hostname: "x", at: clock.now) else {
                return BrokerAnswer(status: 200)
            }
            return BrokerAnswer(status: 401, challenges: [text])
        }
        await #expect(throws: CertificateError(.brokerRefused, "")) {
            try await broker.register(value, addresses: addresses)
        }
    }

    /// What only knocks has registered nothing, whoever is content with it.
    @Test func aBrokerThatAsksForNothing() async throws {
        let broker = AutoTLSBroker(host: "broker.example", identity: try PrivateKey.generate(), clock: clock) { _ in
            BrokerAnswer(status: 200)
        }
        await #expect(throws: CertificateError(.brokerFailed, "")) {
            try await broker.register(value, addresses: addresses)
        }
    }

    @Test func aBrokerThatCannotBeAsked() async throws {
        let broker = AutoTLSBroker(host: "broker.example", identity: try PrivateKey.generate(), clock: clock) { _ in
            throw NetworkError(.unreachable, "nobody is there")
        }
        await #expect(throws: CertificateError(.brokerFailed, "")) {
            try await broker.register(value, addresses: addresses)
        }
    }

    @Test(arguments: [
        ("https://registration.libp2p.direct", "registration.libp2p.direct"), ("https://a.example:443", "a.example"),
        ("https://a.example:8443", "a.example:8443"), ("http://127.0.0.1:80", "127.0.0.1"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080"), ("ftp://a.example", nil), ("a.example", nil), ("https://", nil),
        ("https://a.example/path", nil), ("https://user@a.example", nil),
    ])
    func hostsOfURLs(url: String, host: String?) {
        #expect(AutoTLSBroker.host(of: url) == host)
    }

    @Test func cookies() {
        var jar = CookieJar()
        #expect(jar.header == nil)
        jar.take(["a=1; Path=/; Secure", "b = x=y ;HttpOnly", "none", "=empty", "c=\r\nInjected: 1", "d=a,b"])
        #expect(jar.header == "a=1; b=x=y")
        jar.take(["a=2"])
        #expect(jar.header == "b=x=y; a=2")
        jar.take((0..<100).map { "n\($0)=v" } + ["long=" + String(repeating: "x", count: 2000)])
        #expect(jar.header?.split(separator: ";").count == CookieJar.maxCookies)
    }

    @Test func wordsForTheLog() {
        #expect(BrokerAnswer.printable(Array("one\ntwo\u{1b}[2J".utf8)) == "one two [2J")
        #expect(BrokerAnswer.printable([UInt8](repeating: 0xff, count: 5000)).count == BrokerAnswer.maxText)
    }
}
