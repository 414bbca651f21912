import Multiformats
import Testing

@testable import HTTPServing

@Suite("Connections are bounded in all and by address")
struct ConnectionCapsTests {
    private static func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    @Test func placesAreGivenBack() throws {
        let caps = ConnectionCaps(total: 3, perIP: 2)
        let (one, two) = (try Self.address("8.8.8.1"), try Self.address("8.8.8.2"))
        let leave = try caps.enter(from: one).get()
        _ = try caps.enter(from: one).get()
        #expect(throws: ConnectionCaps.Refusal.perIP) { try caps.enter(from: one).get() }
        _ = try caps.enter(from: two).get()
        #expect(throws: ConnectionCaps.Refusal.total) { try caps.enter(from: two).get() }
        leave()
        _ = try caps.enter(from: one).get()
        #expect(throws: ConnectionCaps.Refusal.total) { try caps.enter(from: nil).get() }
    }

    @Test func theNextSixtyFourBitsOfIPv6AreOneCustomer() throws {
        let caps = ConnectionCaps(perIP: 1)
        _ = try caps.enter(from: Self.address("2001:db8:1:2::1")).get()
        #expect(throws: ConnectionCaps.Refusal.perIP) { try caps.enter(from: Self.address("2001:db8:1:2::2")).get() }
        _ = try caps.enter(from: Self.address("2001:db8:1:3::1")).get()
    }

    @Test func someAreSpared() throws {
        let caps = ConnectionCaps(perIP: 0, isSpared: \.isLoopback)
        for _ in 0..<3 { _ = try caps.enter(from: Self.address("127.0.0.1")).get() }
        #expect(throws: ConnectionCaps.Refusal.perIP) { try caps.enter(from: Self.address("8.8.8.8")).get() }
    }
}
