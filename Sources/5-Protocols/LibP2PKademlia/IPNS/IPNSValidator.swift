import LibP2PCore
import LibP2PIdentity

/// `/ipns/<peer id>`: see ``IPNSRecord``.
struct IPNSValidator: RecordValidator {
    func validate(_ value: [UInt8], name: ArraySlice<UInt8>, now: Timestamp) throws(KademliaError) {
        let record = try IPNSRecord(bytes: value)
        let peer: PeerID
        do {
            peer = try PeerID(bytes: Array(name))
        } catch {
            throw KademliaError(.invalidRecord, "the key of an IPNS record does not end in a peer id", cause: error)
        }
        try record.verify(name: peer, now: now)
    }

    func isBetter(_ value: [UInt8], than other: [UInt8]) -> Bool {
        guard let record = try? IPNSRecord(bytes: value) else { return false }
        guard let otherRecord = try? IPNSRecord(bytes: other) else { return true }
        return record.isBetter(than: otherRecord)
    }
}
