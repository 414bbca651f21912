/// Where an answer ended: the sequence number of its last registration, and what it was about.
///
/// It needs no secret and no table at the server: whoever forges one gets what an answer without a cookie would hold.
struct RegistrationCookie: Equatable {
    /// Nil for all namespaces.
    var namespace: String?
    var sequence: UInt64

    init(namespace: String?, sequence: UInt64) {
        self.namespace = namespace
        self.sequence = sequence
    }

    /// Reads a cookie; nil when the bytes are none of ours.
    init?(bytes: [UInt8]) {
        guard bytes.count >= 9, let kind = bytes.first else { return nil }
        sequence = bytes[1..<9].reduce(0) { $0 << 8 | UInt64($1) }
        switch kind {
        case 0 where bytes.count == 9: namespace = nil
        case 1:
            guard let name = String(validating: bytes[9...], as: UTF8.self) else { return nil }
            namespace = name
        default: return nil
        }
    }

    /// A byte for the kind, eight for the number, then the namespace.
    var bytes: [UInt8] {
        var bytes: [UInt8] = [namespace == nil ? 0 : 1]
        withUnsafeBytes(of: sequence.bigEndian) { bytes.append(contentsOf: $0) }
        if let namespace { bytes.append(contentsOf: namespace.utf8) }
        return bytes
    }
}
