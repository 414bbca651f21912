import LibP2PCore
import Multiformats
import NIOCore

/// Who holds how many places: pure rules for inbound connections, checked before their handshake begins.
struct AdmissionTable {
    /// A token bucket: what an address may spend on new connections.
    private struct Allowance {
        var tokens: Double
        var updatedAt: NIODeadline
    }

    private let limits: ConnectionLimits
    private var perIP: [IPAddress: Int] = [:]
    private var perSubnet: [IPPrefix: Int] = [:]
    private var allowances: [IPAddress: Allowance] = [:]

    /// Addresses whose rate is remembered; beyond it those that have recovered are forgotten.
    private static let maxAllowances = 65_536

    init(limits: ConnectionLimits) { self.limits = limits }

    /// Addresses that hold a place.
    var addressCount: Int { perIP.count }

    /// Takes a place for an address.
    ///
    /// - Parameter holding: the limits that hold for it; it is counted to all of them.
    /// - Returns: why not, or nil when the place is taken.
    mutating func enter(_ address: IPAddress, holding held: AddressLimits = .all, now: NIODeadline) -> RefusalReason? {
        let customer = address.customer
        let subnet = address.subnet
        if held.contains(.perIP), limits.perIP > 0, perIP[customer, default: 0] >= limits.perIP { return .perIP }
        if held.contains(.perSubnet), limits.perSubnet > 0, perSubnet[subnet, default: 0] >= limits.perSubnet {
            return .perSubnet
        }
        if held.contains(.rate), limits.ratePerIP > 0, limits.burstPerIP > 0, !spend(customer, now: now) {
            return .rate
        }
        perIP[customer, default: 0] += 1
        perSubnet[subnet, default: 0] += 1
        return nil
    }

    /// Gives a place back.
    mutating func leave(_ address: IPAddress) {
        let customer = address.customer
        let subnet = address.subnet
        if let count = perIP[customer] { perIP[customer] = count > 1 ? count - 1 : nil }
        if let count = perSubnet[subnet] { perSubnet[subnet] = count > 1 ? count - 1 : nil }
    }

    private mutating func spend(_ address: IPAddress, now: NIODeadline) -> Bool {
        if allowances.count >= Self.maxAllowances { forgetRecovered(now: now) }
        var allowance = allowances[address] ?? Allowance(tokens: Double(limits.burstPerIP), updatedAt: now)
        allowance.tokens = recovered(allowance, now: now)
        allowance.updatedAt = now
        let canPay = allowance.tokens >= 1
        if canPay { allowance.tokens -= 1 }
        allowances[address] = allowance
        return canPay
    }

    private func recovered(_ allowance: Allowance, now: NIODeadline) -> Double {
        let seconds = Double((now - allowance.updatedAt).nanoseconds) / 1e9
        return min(Double(limits.burstPerIP), allowance.tokens + seconds * Double(limits.ratePerIP))
    }

    /// Makes room: an address whose allowance is whole again is like one never seen. When that is not enough, all are
    /// forgotten: under an attack from so many addresses the rate of a single one says nothing.
    private mutating func forgetRecovered(now: NIODeadline) {
        allowances = allowances.filter { recovered($0.value, now: now) < Double(limits.burstPerIP) }
        if allowances.count >= Self.maxAllowances { allowances.removeAll(keepingCapacity: true) }
    }
}
