/// What came of a request, in circuit relay version 1. Codes that are not known are kept as they came.
struct CircuitStatus: RawRepresentable, Hashable, Sendable {
    /// The code on the wire.
    let rawValue: UInt64

    /// Done.
    static let success = CircuitStatus(rawValue: 100)
    /// An address of the source is too long.
    static let hopSourceAddressTooLong = CircuitStatus(rawValue: 220)
    /// An address of the destination is too long.
    static let hopDestinationAddressTooLong = CircuitStatus(rawValue: 221)
    /// The source is not a peer, or not the peer that asks.
    static let hopSourceInvalid = CircuitStatus(rawValue: 250)
    /// The destination is not a peer.
    static let hopDestinationInvalid = CircuitStatus(rawValue: 251)
    /// The destination is not connected, and this relay dials nobody.
    static let hopNoConnection = CircuitStatus(rawValue: 260)
    /// The destination could not be dialled, or gave no stream.
    static let hopCannotDial = CircuitStatus(rawValue: 261)
    /// The destination did not answer on its stream.
    static let hopCannotOpenStream = CircuitStatus(rawValue: 262)
    /// Not a relay, or not for this request.
    static let hopCannotRelay = CircuitStatus(rawValue: 270)
    /// The destination is the relay itself.
    static let hopToSelf = CircuitStatus(rawValue: 280)
    /// An address of the source is too long.
    static let stopSourceAddressTooLong = CircuitStatus(rawValue: 320)
    /// An address of the destination is too long.
    static let stopDestinationAddressTooLong = CircuitStatus(rawValue: 321)
    /// The source is not a peer.
    static let stopSourceInvalid = CircuitStatus(rawValue: 350)
    /// The destination is not a peer, or another one.
    static let stopDestinationInvalid = CircuitStatus(rawValue: 351)
    /// The destination wants no relayed connections.
    static let stopRefused = CircuitStatus(rawValue: 390)
    /// The request makes no sense.
    static let malformedMessage = CircuitStatus(rawValue: 400)
}

extension CircuitStatus: CustomStringConvertible {
    /// The number; the spec's names stand beside them.
    var description: String { "status \(rawValue)" }
}
