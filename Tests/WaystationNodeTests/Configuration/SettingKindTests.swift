import DelegatedRouting
import Testing

@testable import WaystationNode

@Suite("Values are written as people write them")
struct SettingKindTests {
    @Test(
        "durations",
        arguments: [
            ("90s", Duration.seconds(90)), ("2m", .seconds(120)), ("1h", .seconds(3600)), ("7d", .seconds(604_800)),
            ("250ms", .milliseconds(250)), ("0", .zero), ("0s", .zero),
        ])
    func durations(text: String, duration: Duration) throws {
        #expect(try SettingKind<Duration>.duration.read([text]) == duration)
    }

    @Test("what is no duration", arguments: ["", "5", "s", "-3s", "1.5h", "1 h", "9999999999999999999s", "200000d"])
    func badDurations(text: String) {
        #expect(throws: UnreadableValue.self) { try SettingKind<Duration>.duration.read([text]) }
    }

    @Test(
        "sizes",
        arguments: [
            ("131072", 131_072), ("128KiB", 131_072), ("1MiB", 1_048_576), ("2GiB", 2_147_483_648), ("10B", 10),
            ("0", 0),
        ])
    func sizes(text: String, size: Int) throws {
        #expect(try SettingKind<Int>.size.read([text]) == size)
    }

    @Test("what is no size", arguments: ["", "KiB", "-1", "1.5MiB", "1KB", "9223372036854775807KiB"])
    func badSizes(text: String) {
        #expect(throws: UnreadableValue.self) { try SettingKind<Int>.size.read([text]) }
    }

    @Test(
        "hosts and ports",
        arguments: [("0.0.0.0:80", "0.0.0.0", 80), ("[::1]:8080", "::1", 8080), ("host.example:0", "host.example", 0)])
    func hosts(text: String, host: String, port: UInt16) throws {
        let address = try #require(HostAndPort(text))
        #expect(address.host == host)
        #expect(address.port == port)
        #expect(address.description == text)
    }

    @Test("what is no host and port", arguments: ["", ":80", "::1:80", "a", "a:", "a:65536", "[a]:1", "a b:1", "[]:1"])
    func badHosts(text: String) {
        #expect(HostAndPort(text) == nil)
    }

    @Test("another delegate's URL says what is wrong with it")
    func upstreams() throws {
        let kind = SettingKind<UpstreamURL>.upstream
        #expect(try kind.read(["https://d.example.org/routing/v1"]).description == "https://d.example.org")
        #expect(throws: UnreadableValue.self) { try kind.read(["d.example.org"]) }
    }

    @Test(
        "domains",
        arguments: [("Relay.Example.org", "relay.example.org"), ("localhost", "localhost"), ("a-1.b", "a-1.b")])
    func domains(text: String, name: String) throws {
        #expect(try SettingKind<String>.domain.read([text]) == name)
    }

    @Test(
        "what is no domain",
        arguments: [
            "", ".", "a.", ".a", "a..b", "-a.b", "a-.b", "https://a.b", "a.b:443", "*.a.b", "8.8.8.8", "::1",
            "ä.example",
            String(repeating: "a", count: 64) + ".b",
        ])
    func badDomains(text: String) {
        #expect(throws: UnreadableValue.self) { try SettingKind<String>.domain.read([text]) }
    }
}
