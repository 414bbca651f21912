import LibP2PIdentity
import Testing

@testable import DelegatedRouting

struct FilterTests {
    private let id: PeerID

    init() throws { id = try PeerID("12D3KooWM8sovaEGU1bmiWGWAzvs47DEcXKZZTuJnpQyVTkRs2Vn") }

    @Test func filtersAddressesAsTheVectorsDo() throws {
        let vectors = try DelegatedVectors.load().filter_addrs
        let addresses = try (1...8).map { try #require(vectors.addresses["\($0)"]) }
        for row in vectors.cases {
            let filter = try RecordFilter(addresses: row.filter.joined(separator: ","), protocols: nil)
            let left = filter.apply(RoutingRecord(id: id, addresses: addresses))
            #expect(left?.addresses ?? [] == row.expect.map { addresses[$0 - 1] }, "\(row.name)")
            #expect((left == nil) == row.expect.isEmpty, "\(row.name)")
            // Names are compared without case.
            let shouted = try RecordFilter(addresses: row.filter.joined(separator: ",").uppercased(), protocols: nil)
            #expect(shouted.apply(RoutingRecord(id: id, addresses: addresses)) == left, "\(row.name)")
        }
        #expect(vectors.cases.count == 11)
    }

    @Test func filtersProtocolsAsTheVectorsDo() throws {
        let vectors = try DelegatedVectors.load().filter_protocols
        for row in vectors {
            let filter = try RecordFilter(addresses: nil, protocols: row.filter.joined(separator: ","))
            let record = RoutingRecord(id: id, protocols: row.peer_protocols)
            // What passes is unchanged.
            #expect(filter.apply(record) == (row.expect ? record : nil), "\(row.name)")
        }
        #expect(vectors.count == 10)
    }

    @Test func takesUnknownForEmptyLists() throws {
        let bare = RoutingRecord(id: id)
        let full = RoutingRecord(id: id, addresses: ["/ip4/192.0.2.1/tcp/4001"], protocols: ["transport-bitswap"])
        #expect(try RecordFilter(addresses: "unknown", protocols: nil).apply(bare) == bare)
        #expect(try RecordFilter(addresses: "unknown", protocols: nil).apply(full) == nil)
        #expect(try RecordFilter(addresses: "unknown,tcp", protocols: nil).apply(full) == full)
        #expect(try RecordFilter(addresses: "tcp", protocols: nil).apply(bare) == nil)
        #expect(try RecordFilter(addresses: "!tcp", protocols: nil).apply(bare) == nil)
        // Both: and.
        #expect(try RecordFilter(addresses: "unknown", protocols: "unknown").apply(bare) == bare)
        #expect(try RecordFilter(addresses: "tcp", protocols: "unknown").apply(full) == nil)
        #expect(try RecordFilter(addresses: "udp", protocols: "transport-bitswap").apply(full) == nil)
    }

    @Test func readsAddressesOfUnknownProtocols() throws {
        let record = RoutingRecord(id: id, addresses: ["/ip4/192.0.2.1/udp/1/newproto", "/dns4/tcp/udp/9"])
        #expect(try RecordFilter(addresses: "newproto", protocols: nil).apply(record)?.addresses.count == 1)
        // A host that is called like a protocol is none.
        #expect(try RecordFilter(addresses: "tcp", protocols: nil).apply(record) == nil)
    }

    @Test func boundsItsParameters() throws {
        #expect(try RecordFilter(addresses: "", protocols: "").isEmpty)
        #expect(try RecordFilter(addresses: ",,", protocols: nil) == .none)
        for text in [String(repeating: "a", count: 1025), String(repeating: "a,", count: 65)] {
            #expect(throws: RoutingError(.badInput, "")) { try RecordFilter(addresses: text, protocols: nil) }
            #expect(throws: RoutingError(.badInput, "")) { try RecordFilter(addresses: nil, protocols: text) }
        }
    }
}
