import Foundation
import LibP2PIdentity
import Multiformats

/// The records of `Tests/Vectors/ipns-records.json`.
struct NameVectors {
    struct Record {
        /// In base 36.
        let name: String
        let label: String
        let bytes: [UInt8]
        let isValid: Bool

        /// Whose key it is.
        var peer: PeerID {
            get throws { try PeerID(cid: CID(name)) }
        }

        /// Its key in the DHT.
        var key: [UInt8] {
            get throws { Array("/ipns/".utf8) + (try peer.bytes) }
        }
    }

    let official: [Record]
    /// All of one name.
    let derived: [Record]

    /// The derived record with a label that begins so.
    func derived(_ label: String) throws -> Record {
        guard let record = derived.first(where: { $0.label.hasPrefix(label) }) else {
            throw InteropError("there is no vector \"\(label)\"")
        }
        return record
    }

    static func load() throws -> NameVectors {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../Tests/Vectors/ipns-records.json").standardized
        let vectors = try JSONValue(parsing: String(contentsOf: file, encoding: .utf8))
        return NameVectors(official: records(vectors["official"]), derived: records(vectors["derived"]))
    }

    private static func records(_ list: JSONValue?) -> [Record] {
        (list?.array ?? []).compactMap { row in
            guard let name = row["name"]?.string, let hex = row["record_hex"]?.string else { return nil }
            let digits = Array(hex)
            let bytes = stride(from: 0, to: digits.count - 1, by: 2)
                .compactMap { UInt8(String(digits[$0...($0 + 1)]), radix: 16) }
            return Record(
                name: name, label: row["label"]?.string ?? name, bytes: bytes, isValid: row["expect"] == "valid")
        }
    }
}
