import LibP2PIdentity
import Multiformats

/// The circuits there are, those included whose target has not answered yet: pure rules.
struct CircuitTable: Sendable {
    /// Who is connected with whom.
    struct Circuit: Sendable {
        /// Who asked for it.
        let source: PeerID
        /// Who was asked for.
        let target: PeerID
        /// Where it was asked from.
        let origin: RequestOrigin
    }

    private var circuits: [UInt64: Circuit] = [:]
    private var perPeer: [PeerID: Int] = [:]
    private var addresses = AddressCounts()
    private var lastID: UInt64 = 0

    /// How many there are.
    var count: Int { circuits.count }

    /// Whether nothing is held or counted.
    var isEmpty: Bool { circuits.isEmpty && perPeer.isEmpty && addresses.isEmpty }

    /// How many a peer is part of.
    func count(of peer: PeerID) -> Int { perPeer[peer, default: 0] }

    /// Whether a circuit may be opened.
    ///
    /// - Returns: the reason to refuse it; nil when it may.
    func refusal(
        from source: PeerID, to target: PeerID, origin: RequestOrigin, limits: RelayLimits
    ) -> RelayRefusal? {
        if limits.circuits > 0, circuits.count >= limits.circuits { return .circuits }
        if limits.circuitsPerPeer > 0 {
            if count(of: source) >= limits.circuitsPerPeer { return .circuitsOfSource }
            if count(of: target) >= limits.circuitsPerPeer { return .circuitsOfTarget }
        }
        guard let address = origin.address else { return nil }
        if limits.circuitsPerIP.forbids(addresses.count(at: address), isSpared: origin.isSpared) {
            return .circuitsPerIP
        }
        if limits.circuitsPerSubnet.forbids(addresses.count(around: address), isSpared: origin.isSpared) {
            return .circuitsPerSubnet
        }
        return nil
    }

    /// Notes a circuit.
    ///
    /// - Returns: its number.
    mutating func open(from source: PeerID, to target: PeerID, origin: RequestOrigin) -> UInt64 {
        lastID += 1
        circuits[lastID] = Circuit(source: source, target: target, origin: origin)
        perPeer[source, default: 0] += 1
        perPeer[target, default: 0] += 1
        if let address = origin.address { addresses.add(address) }
        return lastID
    }

    /// Forgets a circuit.
    ///
    /// - Returns: what it was.
    mutating func close(_ id: UInt64) -> Circuit? {
        guard let circuit = circuits.removeValue(forKey: id) else { return nil }
        for peer in [circuit.source, circuit.target] {
            let count = perPeer[peer, default: 1] - 1
            perPeer[peer] = count == 0 ? nil : count
        }
        if let address = circuit.origin.address { addresses.remove(address) }
        return circuit
    }
}
