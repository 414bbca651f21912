/// Why a request to the relay was refused: the label of a counter, and the reason in the log.
public enum RelayRefusal: String, Sendable, CaseIterable, Codable {
    /// The request breaks the protocol, or names no valid peer.
    case malformed
    /// The request came over a relayed connection.
    case relayed
    /// A list forbids it.
    case denied
    /// All reservations are taken.
    case reservations
    /// The IP address has too many reservations.
    case reservationsPerIP = "reservations_per_ip"
    /// The prefix has too many reservations.
    case reservationsPerSubnet = "reservations_per_subnet"
    /// The target holds no reservation.
    case noReservation = "no_reservation"
    /// The target is not connected.
    case notConnected = "not_connected"
    /// All circuits are taken.
    case circuits
    /// The source has too many circuits.
    case circuitsOfSource = "circuits_of_source"
    /// The target has too many circuits.
    case circuitsOfTarget = "circuits_of_target"
    /// The IP address has too many circuits.
    case circuitsPerIP = "circuits_per_ip"
    /// The prefix has too many circuits.
    case circuitsPerSubnet = "circuits_per_subnet"
    /// The target did not answer, or not in time.
    case targetFailed = "target_failed"
    /// The target said no.
    case targetRefused = "target_refused"
    /// The source is not who it says it is (version 1).
    case sourceMismatch = "source_mismatch"
    /// The target is the relay itself (version 1).
    case toSelf = "to_self"
    /// An address is too long (version 1).
    case addressTooLong = "address_too_long"
    /// The node does not relay now.
    case notRelaying = "not_relaying"
}

extension RelayRefusal {
    /// What a peer is told in version 2.
    var status: RelayStatus {
        switch self {
        case .malformed: .malformedMessage
        case .relayed, .denied, .notRelaying: .permissionDenied
        case .reservations, .reservationsPerIP, .reservationsPerSubnet: .reservationRefused
        case .noReservation: .noReservation
        case .circuits, .circuitsOfSource, .circuitsOfTarget, .circuitsPerIP, .circuitsPerSubnet:
            .resourceLimitExceeded
        case .notConnected, .targetFailed, .targetRefused: .connectionFailed
        case .sourceMismatch, .toSelf, .addressTooLong: .malformedMessage
        }
    }
}
