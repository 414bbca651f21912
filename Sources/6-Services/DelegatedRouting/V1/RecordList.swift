import LibP2PIdentity

/// The records of an answer as one object.
enum RecordList: Sendable {
    /// What the list is called.
    enum Name: Sendable { case providers, peers }

    /// Records in an answer of one object, as the specification has it.
    static let limit = 100

    static func json(_ records: [RoutingRecord], _ name: Name) -> [UInt8] {
        var text = JSONText()
        switch name {
        case .providers: text.raw("{\"Providers\":")
        case .peers: text.raw("{\"Peers\":")
        }
        text.list(records) { $1.write(to: &$0) }
        text.raw("}")
        return text.bytes
    }

    /// Each peer once, as it was told last: that has all of what was told before.
    static func newest(of records: [RoutingRecord]) -> [RoutingRecord] {
        var places: [PeerID: Int] = [:]
        var newest: [RoutingRecord] = []
        for record in records {
            if let place = places[record.id] {
                newest[place] = record
            } else {
                places[record.id] = newest.count
                newest.append(record)
            }
        }
        return newest
    }

    /// Reads the records of another server's answer; those that tell of no peer are skipped.
    ///
    /// - Throws: ``RoutingError`` with code ``RoutingError/Code/badInput``.
    static func records(_ name: Name, in value: JSONValue) throws(RoutingError) -> [RoutingRecord] {
        guard case .object(let members) = value else { throw RoutingError(.badInput, "an answer is no JSON object") }
        let list = members[name == .providers ? "Providers" : "Peers"] ?? .null
        if case .null = list { return [] }
        guard case .array(let elements) = list else { throw RoutingError(.badInput, "an answer holds no list") }
        var records: [RoutingRecord] = []
        for element in elements.prefix(10 * limit) {
            guard case .object(let members) = element else { continue }
            if let record = try? RoutingRecord(members: members) { records.append(record) }
        }
        return records
    }
}
