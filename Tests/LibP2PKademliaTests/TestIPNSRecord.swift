import LibP2PCore
import LibP2PIdentity
import Testing

@testable import LibP2PKademlia

/// IPNS records of version 2 with a validity that a simulation lives to see.
enum TestIPNSRecord {
    static func make(_ owner: PrivateKey, until end: Timestamp, sequence: UInt8 = 1) throws -> [UInt8] {
        // Keys by length, then by bytes, as DAG-CBOR wants them.
        var data: [UInt8] = [0xa5]
        data += text("TTL") + [0x00]
        data += text("Value") + bytes(Array("/ipfs/bafkqabtimvwgy3yk".utf8))
        data += text("Sequence") + [sequence]
        data += text("Validity") + bytes(Array(end.rfc3339.utf8))
        data += text("ValidityType") + [0x00]
        let signature = try owner.sign(Array("ipns-signature:".utf8) + data)
        let record = field(8, signature) + field(9, data)
        // What it is for: a record that the code under test takes.
        try IPNSRecord(bytes: record).verify(name: owner.peerID, now: end - .seconds(1))
        return record
    }

    private static func text(_ text: String) -> [UInt8] { [0x60 | UInt8(text.utf8.count)] + text.utf8 }

    /// Between 24 and 255 bytes.
    private static func bytes(_ bytes: [UInt8]) -> [UInt8] {
        bytes.count < 24 ? [0x40 | UInt8(bytes.count)] + bytes : [0x58, UInt8(bytes.count)] + bytes
    }

    private static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        let length =
            bytes.count < 128 ? [UInt8(bytes.count)] : [UInt8(bytes.count & 0x7f) | 0x80, UInt8(bytes.count >> 7)]
        return [number << 3 | 2] + length + bytes
    }
}
