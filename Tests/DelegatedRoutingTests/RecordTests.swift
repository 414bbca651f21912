import LibP2PIdentity
import LibP2PTesting
import Testing

@testable import DelegatedRouting

struct RecordTests {
    private let id = "12D3KooWM8sovaEGU1bmiWGWAzvs47DEcXKZZTuJnpQyVTkRs2Vn"

    private func read(_ text: String) throws -> RoutingRecord? { try RoutingRecord(json: Array(text.utf8)) }

    @Test func writesAndReadsThePeerSchema() throws {
        let vector = try DelegatedVectors.load().peer_record
        let record = RoutingRecord(id: try PeerID(vector.ID), addresses: vector.Addrs, protocols: vector.Protocols)
        let text = String(decoding: record.json, as: UTF8.self)
        #expect(
            text
                == #"{"Schema":"peer","ID":"\#(id)","Addrs":["/ip4/192.0.2.1/tcp/4001"],"Protocols":["transport-bitswap"]}"#
        )
        #expect(try read(text) == record)
    }

    @Test func keepsUnknownFields() throws {
        let text = #"""
            {"Schema":"peer","ID":"\#(id)","Addrs":[],"Protocols":["a"],"a":"b64\"\\\u0001","z":{"x":[1,2.5,true,null]}}
            """#
        let record = try #require(try read(text))
        #expect(
            record.others == [
                "a": .string("b64\"\\\u{1}"),
                "z": .object(["x": .array([.integer(1), .number(2.5), .bool(true), .null])]),
            ])
        #expect(String(decoding: record.json, as: UTF8.self) == text)
    }

    @Test func readsRetiredSchemasAndCIDs() throws {
        let cid = try PeerID(id).cid
        let old = try #require(try read(#"{"Schema":"bitswap","Protocol":"transport-bitswap","ID":"\#(cid)"}"#))
        #expect(old == RoutingRecord(id: try PeerID(id), protocols: ["transport-bitswap"]))
        #expect(try read(#"{"Schema":"graphsync-filecoinv1","ID":"\#(id)","Addrs":null}"#) != nil)
        #expect(try read(#"{"Schema":"announcement","ID":"\#(id)"}"#) == nil)
    }

    @Test func refusesWhatNamesNoPeer() throws {
        for text in [
            "", "[]", "{", #"{"ID":"x"}"#, #"{"Schema":"peer"}"#, #"{"Schema":"peer","ID":"x"}"#,
            #"{"Schema":1,"ID":"\#(id)"}"#, String(repeating: "[", count: 5000),
        ] {
            #expect(throws: RoutingError(.badInput, ""), "\(text.prefix(40))") { try read(text) }
        }
    }

    @Test func boundsWhatItReads() throws {
        let addresses = (0..<1000).map { "\"/ip4/10.0.0.1/tcp/\($0)\"" }.joined(separator: ",")
        let record = try read(#"{"Schema":"peer","ID":"\#(id)","Addrs":[\#(addresses)],"Protocols":[]}"#)
        #expect(record?.addresses.count == RoutingRecord.maxAddresses)
        let long = String(repeating: "a", count: RoutingRecord.maxAddressLength + 1)
        #expect(try read(#"{"Schema":"peer","ID":"\#(id)","Addrs":["\#(long)"]}"#)?.addresses == [])
    }

    @Test func listsRecords() throws {
        let record = RoutingRecord(id: try PeerID(id))
        #expect(String(decoding: RecordList.json([], .providers), as: UTF8.self) == #"{"Providers":[]}"#)
        let json = RecordList.json([record, record], .peers)
        let value = try JSONReader.value(of: json)
        #expect(try RecordList.records(.peers, in: value) == [record, record])
        #expect(try RecordList.records(.peers, in: .object(["Peers": .null])) == [])
        #expect(throws: RoutingError(.badInput, "")) { try RecordList.records(.peers, in: .array([])) }
    }

    @Test func survivesChangedBytes() throws {
        let record = RoutingRecord(
            id: try PeerID(id), addresses: ["/ip4/192.0.2.1/tcp/4001"], protocols: ["a"], others: ["x": .integer(-7)])
        var readable = 0
        for bytes in mutants(of: record.json, seed: 3, count: 500) {
            guard let read = try? RoutingRecord(json: bytes) else { continue }
            readable += 1
            #expect(try RoutingRecord(json: read.json) == read)
        }
        #expect(readable > 10)
    }
}
