import LibP2PTesting

/// `Tests/Vectors/delegated-routing.json`.
struct DelegatedVectors: Decodable {
    struct Addresses: Decodable {
        struct Case: Decodable {
            let name: String
            let filter: [String]
            let expect: [Int]
        }
        let addresses: [String: String]
        let cases: [Case]
    }

    struct Protocols: Decodable {
        let name: String
        let peer_protocols: [String]
        let filter: [String]
        let expect: Bool
    }

    struct Record: Decodable {
        let Schema: String
        let ID: String
        let Addrs: [String]
        let Protocols: [String]
    }

    let filter_addrs: Addresses
    let filter_protocols: [Protocols]
    let peer_record: Record

    static func load() throws -> DelegatedVectors { try TestVectors.load("delegated-routing") }
}

/// `Tests/Vectors/kubo-rpc.json`.
struct RPCVectors: Decodable {
    let event_types: [String: Int]
    let lines: [String: String]

    static func load() throws -> RPCVectors { try TestVectors.load("kubo-rpc") }
}

/// `Tests/Vectors/ipns-records.json`.
struct IPNSVectors: Decodable {
    struct Record: Decodable {
        let name: String
        let label: String?
        let record_hex: Hex?
        let expect: String
    }

    let official: [Record]
    let derived: [Record]

    static func load() throws -> IPNSVectors { try TestVectors.load("ipns-records") }
}
