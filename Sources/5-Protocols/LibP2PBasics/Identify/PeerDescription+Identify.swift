import LibP2PCore
import LibP2PIdentity
import Multiformats

extension PeerDescription {
    /// The longest agent or protocol version that is kept, in characters: these texts end up in logs and tables.
    static let maxVersionLength = 128

    /// What is known of a peer after it identified itself.
    ///
    /// Addresses of a valid signed record take the place of unsigned ones, unless a record that is known already is newer.
    ///
    /// - Parameters:
    ///   - message: what the peer told.
    ///   - peer: who it is, as the handshake proved.
    ///   - known: what was known before.
    ///   - isPush: whether what is absent stays as it was.
    init(_ message: IdentifyMessage, of peer: PeerID, known: PeerDescription?, isPush: Bool) {
        let base = isPush ? known ?? PeerDescription() : PeerDescription()
        self = base
        if !message.protocols.isEmpty { protocols = message.protocols.map { ProtocolID($0) } }
        if let version = message.agentVersion { agentVersion = Self.printable(version) }
        if let version = message.protocolVersion { protocolVersion = Self.printable(version) }

        let told = message.listenAddresses.compactMap { try? Multiaddr(bytes: $0) }
        if let received = message.signedPeerRecord,
            let (record, envelope) = Self.newest(received, known?.signedPeerRecord, of: peer)
        {
            signedPeerRecord = envelope
            addresses = Self.own(record.addresses, of: peer)
        } else if !told.isEmpty || !isPush {
            signedPeerRecord = nil
            addresses = Self.own(told, of: peer)
        }
    }

    /// The record to go by: the received one, or the known one if that is as new; nil when the received one is not valid.
    ///
    /// - Parameter known: an envelope that was verified when it came.
    private static func newest(
        _ received: [UInt8], _ known: [UInt8]?, of peer: PeerID
    ) -> (record: PeerRecord, envelope: [UInt8])? {
        let old = known.flatMap { envelope in
            (try? PeerRecord(trusting: envelope)).map { (record: $0, envelope: envelope) }
        }
        // The same bytes again need no second verification.
        if let old, received == old.envelope { return old }
        guard let record = try? PeerRecord(opening: received), record.peerID == peer else { return nil }
        if let old, old.record.sequence >= record.sequence { return old }
        return (record, received)
    }

    /// The addresses of the peer itself, without `/p2p` at their end.
    private static func own(_ addresses: [Multiaddr], of peer: PeerID) -> [Multiaddr] {
        var seen: Set<Multiaddr> = []
        return addresses.compactMap { address in
            if let named = address.peerID, named != peer { return nil }
            guard let bare = address.withoutPeerID, seen.insert(bare).inserted else { return nil }
            return bare
        }
    }

    /// A text from a stranger, cut to a length and without control characters.
    private static func printable(_ text: String) -> String {
        var kept = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(maxVersionLength) where scalar.properties.generalCategory != .control {
            kept.append(scalar)
        }
        return String(kept)
    }
}
