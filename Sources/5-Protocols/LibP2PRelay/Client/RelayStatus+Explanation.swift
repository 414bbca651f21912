extension RelayStatus {
    /// What the code means, and what can be done, for people.
    var explanation: String {
        switch self {
        case .reservationRefused: "it has no place for another reservation; try another relay, or later"
        case .resourceLimitExceeded: "it has too many circuits; try later"
        case .permissionDenied: "a rule of its operator forbids it"
        case .connectionFailed: "the peer behind it did not take the circuit"
        case .noReservation: "the peer holds no reservation there; it may have left, or be behind another relay"
        case .malformedMessage: "it could not read the request"
        case .unexpectedMessage: "it did not expect the request"
        default: "it gave a code without a meaning in the spec"
        }
    }
}

extension CircuitStatus {
    /// What the code means, for people.
    var explanation: String {
        switch self {
        case .hopSourceAddressTooLong, .stopSourceAddressTooLong: "an address of this node is too long"
        case .hopDestinationAddressTooLong, .stopDestinationAddressTooLong: "an address of the peer is too long"
        case .hopSourceInvalid, .stopSourceInvalid: "it does not believe that this node is who it says"
        case .hopDestinationInvalid, .stopDestinationInvalid: "it does not know what peer is meant"
        case .hopNoConnection: "the peer is not connected to it"
        case .hopCannotDial: "it cannot reach the peer"
        case .hopCannotOpenStream: "the peer did not answer it"
        case .hopCannotRelay: "it does not relay"
        case .hopToSelf: "the peer is the relay itself; dial it directly"
        case .stopRefused: "the peer wants no circuits"
        case .malformedMessage: "it could not read the request"
        default: "it gave a code without a meaning in the spec"
        }
    }
}
