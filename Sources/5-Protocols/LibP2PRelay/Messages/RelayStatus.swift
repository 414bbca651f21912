/// What came of a request, in circuit relay version 2. Codes that are not known are kept as they came.
struct RelayStatus: RawRepresentable, Hashable, Sendable {
    /// The code on the wire.
    let rawValue: UInt64

    /// Done.
    static let ok = RelayStatus(rawValue: 100)
    /// No place for another reservation.
    static let reservationRefused = RelayStatus(rawValue: 200)
    /// Too many circuits.
    static let resourceLimitExceeded = RelayStatus(rawValue: 201)
    /// A rule forbids it.
    static let permissionDenied = RelayStatus(rawValue: 202)
    /// The peer could not be reached, or refused.
    static let connectionFailed = RelayStatus(rawValue: 203)
    /// The peer has no reservation.
    static let noReservation = RelayStatus(rawValue: 204)
    /// The request makes no sense.
    static let malformedMessage = RelayStatus(rawValue: 400)
    /// The message came at a time when it makes no sense.
    static let unexpectedMessage = RelayStatus(rawValue: 401)
}

extension RelayStatus: CustomStringConvertible {
    /// The spec's name and number.
    var description: String {
        switch self {
        case .ok: "OK (100)"
        case .reservationRefused: "RESERVATION_REFUSED (200)"
        case .resourceLimitExceeded: "RESOURCE_LIMIT_EXCEEDED (201)"
        case .permissionDenied: "PERMISSION_DENIED (202)"
        case .connectionFailed: "CONNECTION_FAILED (203)"
        case .noReservation: "NO_RESERVATION (204)"
        case .malformedMessage: "MALFORMED_MESSAGE (400)"
        case .unexpectedMessage: "UNEXPECTED_MESSAGE (401)"
        default: "status \(rawValue)"
        }
    }
}
