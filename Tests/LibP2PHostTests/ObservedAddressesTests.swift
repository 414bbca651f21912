import Multiformats
import NIOCore
import Testing

@testable import LibP2PHost

@Suite struct ObservedAddressesTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test func fourNetworksMustAgree() throws {
        var observed = ObservedAddresses()
        let own = try #require(IPAddress("198.51.100.7"))
        for (index, observer) in ["1.1.1.1", "1.1.2.2", "2.2.2.2", "3.3.3.3"].enumerated() {
            #expect(!observed.note(own, from: try #require(IPAddress(observer)), now: start), "\(index)")
        }
        #expect(observed.confirmed(now: start).isEmpty)
        #expect(observed.note(own, from: try #require(IPAddress("4.4.4.4")), now: start))
        #expect(observed.confirmed(now: start) == [own])
    }

    @Test func observationsGrowOld() throws {
        var observed = ObservedAddresses()
        let own = try #require(IPAddress("198.51.100.7"))
        for octet in 1...4 { _ = observed.note(own, from: try #require(IPAddress("\(octet).0.0.1")), now: start) }
        #expect(observed.confirmed(now: start + .minutes(39)) == [own])
        #expect(observed.confirmed(now: start + .minutes(41)).isEmpty)
    }

    @Test func liarsCannotFillTheTable() throws {
        var observed = ObservedAddresses()
        let liar = try #require(IPAddress("5.5.5.5"))
        for number in 0..<10_000 as Range<UInt32> {
            _ = observed.note(.v4(0x0800_0000 + number), from: liar, now: start)
        }
        let own = try #require(IPAddress("198.51.100.7"))
        let later = start + .minutes(41)
        for octet in 1...4 { _ = observed.note(own, from: try #require(IPAddress("\(octet).0.0.1")), now: later) }
        #expect(observed.confirmed(now: later) == [own])
    }
}
