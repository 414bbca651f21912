import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore

/// All that a relay server remembers. Whoever changes it holds the server's lock.
struct RelayState: Sendable {
    /// A circuit as the server sees it.
    struct LiveCircuit: Sendable {
        let version: Int
        let source: PeerID
        let target: PeerID
        let since: Timestamp
        let splice: Splice
        var isOpen = false
    }

    var limits: RelayLimits
    var access: RelayAccess
    var isRelaying = false
    var reservations = ReservationTable()
    var circuits = CircuitTable()
    var live: [UInt64: LiveCircuit] = [:]
    var ledger: PeerLedger
    /// Bytes of circuits that have ended.
    var pastBytes: UInt64 = 0
    var expiry: (time: NIODeadline, timer: Scheduled<Void>)?
    /// Bounds the log: whoever can send requests could fill it.
    var logAllowance: TokenBucket
    var unloggedRefusals = 0

    /// Books what a circuit carried.
    mutating func settle(_ circuit: LiveCircuit, now: NIODeadline) {
        let toTarget = circuit.splice.meter.bytesToTarget
        let toSource = circuit.splice.meter.bytesToSource
        pastBytes &+= toTarget &+ toSource
        ledger.book(circuit.source, now: now) { account in
            account.circuitsAsSource += circuit.isOpen ? 1 : 0
            account.bytesSent &+= toTarget
            account.bytesReceived &+= toSource
        }
        ledger.book(circuit.target, now: now) { account in
            account.circuitsAsTarget += circuit.isOpen ? 1 : 0
            account.bytesSent &+= toSource
            account.bytesReceived &+= toTarget
        }
    }
}
