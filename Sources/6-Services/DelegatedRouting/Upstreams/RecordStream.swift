import LibP2PIdentity

/// Reads the records of another server's answer as its bytes come, in either form, within limits: pure rules.
///
/// Records that tell of no peer, or can't be read, are skipped, and peers that were named already are too.
struct RecordStream {
    /// Bytes of one answer: a thousand records of a kibibyte.
    static let maxBytes = 1 << 20
    /// Bytes of one line.
    static let maxLine = 64 * 1024
    /// Peers of one answer.
    static let maxRecords = 1000
    /// Lines that were no records, after which the answer is no answer.
    static let maxJunk = 100

    private let form: AnswerForm
    private let list: RecordList.Name
    private var pending: [UInt8] = []
    private var total = 0
    private var junk = 0
    private var seen: Set<PeerID> = []

    private let limit: Int

    /// - Parameter limit: peers after which no more is read; 0 for as many as an answer may have.
    init(_ form: AnswerForm, _ list: RecordList.Name, limit: Int = 0) {
        self.form = form
        self.list = list
        self.limit = limit > 0 ? min(limit, Self.maxRecords) : Self.maxRecords
    }

    /// Whether no more is to be read.
    var isFull: Bool { seen.count >= limit }

    /// Takes bytes as they came.
    ///
    /// - Returns: the records that they complete.
    /// - Throws: ``RoutingError`` with code ``RoutingError/Code/unavailable`` for what is no answer.
    mutating func read(_ bytes: some Collection<UInt8>) throws(RoutingError) -> [RoutingRecord] {
        total += bytes.count
        guard total <= Self.maxBytes else {
            throw RoutingError(.unavailable, "the answer has more than \(Self.maxBytes) bytes")
        }
        guard form == .lines else {
            pending += bytes
            return []
        }
        var records: [RoutingRecord] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            pending += rest[..<end]
            rest = rest[rest.index(after: end)...]
            if let record = try line() { records.append(record) }
        }
        pending += rest
        guard pending.count <= Self.maxLine else {
            throw RoutingError(.unavailable, "a line has more than \(Self.maxLine) bytes")
        }
        return records
    }

    /// Takes the end of the answer.
    ///
    /// - Returns: the records that it completes.
    mutating func end() throws(RoutingError) -> [RoutingRecord] {
        switch form {
        case .lines:
            guard let record = try line() else { return [] }
            return [record]
        case .json:
            let records: [RoutingRecord]
            do {
                records = try RecordList.records(list, in: JSONReader.value(of: pending))
            } catch {
                throw RoutingError(.unavailable, error.message)
            }
            return records.filter { isNew($0) }
        }
    }

    /// The record of a whole line; nil when it is none, or a known one.
    private mutating func line() throws(RoutingError) -> RoutingRecord? {
        defer { pending.removeAll(keepingCapacity: true) }
        guard pending.count <= Self.maxLine else {
            throw RoutingError(.unavailable, "a line has more than \(Self.maxLine) bytes")
        }
        guard pending.contains(where: { $0 != 0x20 && $0 != 0x0d && $0 != 0x09 }) else { return nil }
        do {
            guard let record = try RoutingRecord(json: pending), isNew(record) else { return nil }
            return record
        } catch {
            junk += 1
            guard junk <= Self.maxJunk else { throw RoutingError(.unavailable, "the answer's lines are no records") }
            return nil
        }
    }

    private mutating func isNew(_ record: RoutingRecord) -> Bool { !isFull && seen.insert(record.id).inserted }
}
