public import Multiformats
import Synchronization

/// How many connections there may be, in all and by address. Servers that are one to their clients, such as the plain port
/// and the TLS port of a front door, have them in common.
public final class ConnectionCaps: Sendable {
    /// Why a connection has no place.
    enum Refusal: String, Error {
        case total, perIP = "per_ip", draining
    }

    private struct State {
        var count = 0
        var perIP: [IPAddress: Int] = [:]
    }

    private let total: Int?
    private let perIP: Int?
    private let isSpared: @Sendable (IPAddress) -> Bool
    private let state = Mutex(State())

    /// Makes caps; the defaults are those of the contract of the front door.
    ///
    /// - Parameters:
    ///   - total: connections in all; nil for unlimited.
    ///   - perIP: connections of one IP address, or of one /64 of IPv6; nil for unlimited.
    ///   - isSpared: addresses that `perIP` does not hold for.
    public init(
        total: Int? = 2048, perIP: Int? = 64, isSpared: @escaping @Sendable (IPAddress) -> Bool = { _ in false }
    ) {
        self.total = total
        self.perIP = perIP
        self.isSpared = isSpared
    }

    /// Takes a place, or says why there is none.
    ///
    /// - Returns: what gives the place back; to be called once.
    func enter(from source: IPAddress?) -> Result<@Sendable () -> Void, Refusal> {
        let customer = source.flatMap { isSpared($0) ? nil : $0.customer }
        let refusal: Refusal? = state.withLock { state in
            if let total, state.count >= total { return .total }
            if let customer, let perIP, state.perIP[customer, default: 0] >= perIP { return .perIP }
            state.count += 1
            if let customer { state.perIP[customer, default: 0] += 1 }
            return nil
        }
        if let refusal { return .failure(refusal) }
        return .success { [self] in leave(customer) }
    }

    private func leave(_ customer: IPAddress?) {
        state.withLock { state in
            state.count -= 1
            if let customer, let count = state.perIP[customer] {
                state.perIP[customer] = count > 1 ? count - 1 : nil
            }
        }
    }
}
