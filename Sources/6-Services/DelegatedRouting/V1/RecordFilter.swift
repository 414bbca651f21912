import Multiformats

/// Which records a client wants (IPIP-484): the parameters `filter-addrs` and `filter-protocols`.
///
/// Of addresses those stay that have one of the names in them, anywhere, and none of those with `!` before them. A record
/// that has none left is dropped. Protocols select records and are never trimmed. `unknown` stands for an empty list.
public struct RecordFilter: Sendable, Hashable {
    /// Names of one parameter that are read.
    static let maxNames = 64
    /// Bytes of one parameter that are read.
    static let maxLength = 1024

    private var wantedNames: Set<String> = []
    private var unwantedNames: Set<String> = []
    private var wantedProtocols: Set<String> = []
    private var takesUnknownAddresses = false
    private var takesUnknownProtocols = false

    /// Lets all records through.
    public static let none = RecordFilter()

    private init() {}

    /// Reads the two parameters; nil or empty ones select nothing.
    ///
    /// - Throws: ``RoutingError`` with code ``RoutingError/Code/badInput`` when one is too long.
    public init(addresses: String?, protocols: String?) throws(RoutingError) {
        for name in try Self.names(addresses, of: "filter-addrs") {
            if name.hasPrefix("!") {
                unwantedNames.insert(String(name.dropFirst()))
            } else {
                wantedNames.insert(name)
            }
        }
        takesUnknownAddresses = wantedNames.contains(Self.unknown)
        wantedProtocols = Set(try Self.names(protocols, of: "filter-protocols"))
        takesUnknownProtocols = wantedProtocols.contains(Self.unknown)
    }

    private static let unknown = "unknown"

    private static func names(_ text: String?, of parameter: String) throws(RoutingError) -> [String] {
        guard let text, !text.isEmpty else { return [] }
        guard text.utf8.count <= maxLength else {
            throw RoutingError(
                .badInput, "\(parameter) has \(text.utf8.count) characters; at most \(maxLength) are read")
        }
        let names = text.lowercased().split(separator: ",").map(String.init)
        guard names.count <= maxNames else {
            throw RoutingError(.badInput, "\(parameter) has \(names.count) names; at most \(maxNames) are read")
        }
        return names
    }

    /// Whether all records pass.
    public var isEmpty: Bool { !hasAddressFilter && wantedProtocols.isEmpty }

    private var hasAddressFilter: Bool { !wantedNames.isEmpty || !unwantedNames.isEmpty }

    /// What is left of a record; nil when it is not wanted.
    public func apply(_ record: RoutingRecord) -> RoutingRecord? {
        guard wants(protocols: record.protocols) else { return nil }
        guard hasAddressFilter else { return record }
        if record.addresses.isEmpty { return takesUnknownAddresses ? record : nil }
        var record = record
        record.addresses = record.addresses.filter(wants(address:))
        return record.addresses.isEmpty ? nil : record
    }

    private func wants(protocols: [String]) -> Bool {
        guard !wantedProtocols.isEmpty else { return true }
        if protocols.isEmpty { return takesUnknownProtocols }
        return protocols.contains { wantedProtocols.contains($0.lowercased()) }
    }

    private func wants(address: String) -> Bool {
        let names = Self.protocolNames(of: address)
        guard names.isDisjoint(with: unwantedNames) else { return false }
        return wantedNames.isEmpty || !names.isDisjoint(with: wantedNames)
    }

    /// The names of an address's protocols. Of one that can't be read, all its parts count.
    private static func protocolNames(of address: String) -> Set<String> {
        if let address = try? Multiaddr(address) { return Set(address.components.map(\.proto.name)) }
        return Set(address.lowercased().split(separator: "/").map(String.init))
    }
}
