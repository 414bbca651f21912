import LibP2PCore
import LibP2PKademlia
import NIOCore

@testable import DelegatedRouting

extension FuzzTarget {
    static let delegates = [
        FuzzTarget("routing-record", cost: 2) { input in
            guard let record = try? RoutingRecord(json: input) else { return false }
            try require(record.addresses.count <= RoutingRecord.maxAddresses, "addresses are bounded")
            try require(record.protocols.count <= RoutingRecord.maxProtocols, "protocols are bounded")
            try requireEqual(try RoutingRecord(json: record.json), record, "a record through its bytes")
            try require(!record.json.contains(UInt8(ascii: "\n")), "a record is one line")
            return true
        },
        FuzzTarget("record-filter", cost: 2) { input in
            let text = String(decoding: input, as: UTF8.self)
            guard let filter = try? RecordFilter(addresses: text, protocols: text) else { return false }
            guard let row = record(text) else { return true }
            guard let left = filter.apply(row) else { return true }
            try require(Set(left.addresses).isSubset(of: row.addresses), "a filter adds nothing")
            try requireEqual(left.protocols, row.protocols, "protocols are never trimmed")
            try requireEqual(filter.apply(left), left, "to filter twice is to filter once")
            return true
        },
        FuzzTarget("rpc-query") { input in
            guard let arguments = try? RPCArguments(String(decoding: input, as: UTF8.self)) else { return false }
            _ = try? arguments.flag("recursive", "r")
            if let number = try? arguments.integer("num-providers", "n", default: 20, in: 1...1000) {
                try require((1...1000).contains(number), "a number is within its range")
            }
            if let duration = try? arguments.duration("timeout") { try require(duration >= .zero, "no time runs back") }
            for argument in arguments.arguments {
                _ = try? PathKey.content(argument)
                _ = try? PathKey.peer(argument)
                _ = try? PathKey.name(argument)
                _ = try? RPCCall.recordKey(argument)
            }
            return !arguments.arguments.isEmpty
        },
        FuzzTarget("go-duration") { input in
            guard let duration = GoDuration.parse(String(decoding: input, as: UTF8.self)) else { return false }
            try require(duration >= .zero, "durations are not negative")
            return true
        },
        FuzzTarget("multipart") { input in
            let type = "multipart/form-data; boundary=b"
            guard let part = try? MultipartForm.onlyPart(ByteBuffer(bytes: input), type: type) else { return false }
            try require(part.count <= input.count, "a part is within its form")
            return true
        },
        FuzzTarget("accept") { input in
            let text = String(decoding: input, as: UTF8.self)
            guard let form = try? AnswerForm(accept: text) else { return false }
            try require(form == .json || text.lowercased().contains("x-ndjson"), "streams are for who asks")
            return true
        },
    ]

    /// A record whose addresses and protocols have something to do with a text.
    private static func record(_ text: String) -> RoutingRecord? {
        let json = #"{"Schema":"peer","ID":"12D3KooWM8sovaEGU1bmiWGWAzvs47DEcXKZZTuJnpQyVTkRs2Vn"}"#
        guard var record = (try? RoutingRecord(json: Array(json.utf8))) ?? nil else { return nil }
        record.addresses = ["/ip4/192.0.2.1/tcp/4001", "/ip4/192.0.2.1/udp/4001/quic-v1", "/" + text]
        record.protocols = text.split(separator: ",").map(String.init)
        return record
    }
}
