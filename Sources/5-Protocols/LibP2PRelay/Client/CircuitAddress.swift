import LibP2PCore
import LibP2PIdentity
import Multiformats

/// An address through a relay, taken apart: `<relay's address>/p2p/<relay>/p2p-circuit[/p2p/<target>]`.
struct CircuitAddress: Equatable, Sendable {
    /// Who relays.
    let relay: PeerID
    /// Where the relay is, without `/p2p` at the end; nil when the address only names it.
    let relayAddress: Multiaddr?
    /// Who is behind the relay; nil when the address leaves that open, as one to listen on does.
    let target: PeerID?

    /// Takes an address apart.
    ///
    /// - Throws: `NetworkError.Code.unsupportedAddress` unless the address leads through exactly one relay, which it names.
    init(_ address: Multiaddr) throws(NetworkError) {
        guard let (before, after) = address.split(at: .p2pCircuit) else {
            throw NetworkError(.unsupportedAddress, "\(address) leads through no relay: it has no /p2p-circuit.")
        }
        // A relay behind a relay would let anybody spend the traffic of two for one.
        if after?.isCircuit == true {
            throw NetworkError(.unsupportedAddress, "\(address) leads through more than one relay.")
        }
        guard let before, before.components.last?.proto == .p2p, let relay = before.peerID else {
            throw NetworkError(.unsupportedAddress, "\(address) does not name its relay: put /p2p before /p2p-circuit.")
        }
        if let after {
            guard after.protocols == [.p2p], let target = after.peerID else {
                throw NetworkError(.unsupportedAddress, "\(address) may have only /p2p behind /p2p-circuit.")
            }
            self.target = target
        } else {
            target = nil
        }
        self.relay = relay
        relayAddress = before.withoutPeerID
    }

    /// The relay's address as a list, to be dialled.
    var relayAddresses: [Multiaddr] { relayAddress.map { [$0] } ?? [] }
}

extension Multiaddr {
    /// This address of a relay, `/p2p/<relay>` and `/p2p-circuit`.
    ///
    /// - Throws: `MultiformatsError` when the address would become too long.
    func circuit(through relay: PeerID) throws(MultiformatsError) -> Multiaddr {
        try withPeerID(relay).encapsulating(.p2pCircuit)
    }
}
