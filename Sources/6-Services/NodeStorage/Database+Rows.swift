import FoundationEssentials
import GRDB
import LibP2PBasics
import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PKademlia
import Multiformats
import Wire

// Every statement that touches the tables.
extension Database {
    /// Brings rows into the state they are to have.
    func apply(_ changes: [PendingWrites.Row: PendingWrites.Change]) throws {
        for (row, change) in changes {
            switch (row, change) {
            case (.provider(let dht, _, _), .provider(let record)):
                try run(
                    "INSERT OR REPLACE INTO provider (dht, key, peer, addresses, received) VALUES (?, ?, ?, ?, ?)",
                    [
                        dht, Data(record.key), Data(record.provider.bytes),
                        Data(StoredAddresses(record.addresses).protobufBytes()), record.received.nanoseconds,
                    ])
            case (.provider(let dht, let key, let peer), _):
                try run(
                    "DELETE FROM provider WHERE dht = ? AND key = ? AND peer = ?", [dht, Data(key), Data(peer.bytes)])
            case (.value(let dht, _), .value(let record)):
                try run(
                    "INSERT OR REPLACE INTO value (dht, key, value, received) VALUES (?, ?, ?, ?)",
                    [dht, Data(record.key), Data(record.value), record.received.nanoseconds])
            case (.value(let dht, let key), _):
                try run("DELETE FROM value WHERE dht = ? AND key = ?", [dht, Data(key)])
            case (.announcement(let dht, let reference), .announcement(let announcement)):
                try run(
                    "INSERT OR REPLACE INTO announcement (dht, kind, key, told) VALUES (?, ?, ?, ?)",
                    [dht, reference.kind.rawValue, Data(reference.key), announcement.told?.nanoseconds])
            case (.announcement(let dht, let reference), _):
                try run(
                    "DELETE FROM announcement WHERE dht = ? AND kind = ? AND key = ?",
                    [dht, reference.kind.rawValue, Data(reference.key)])
            case (.routing(let dht), let change):
                try run("DELETE FROM routing WHERE dht = ?", [dht])
                guard case .routing(let peers) = change else { continue }
                for peer in peers {
                    try run(
                        "INSERT OR REPLACE INTO routing (dht, peer, addresses) VALUES (?, ?, ?)",
                        [dht, Data(peer.id.bytes), Data(StoredAddresses(peer.addresses).protobufBytes())])
                }
            case (.peer(let id), .peer(let known)):
                try run(
                    "INSERT OR REPLACE INTO peer (id, known) VALUES (?, ?)",
                    [Data(id.bytes), Data(StoredPeer(known).protobufBytes())])
            case (.peer(let id), _):
                try run("DELETE FROM peer WHERE id = ?", [Data(id.bytes)])
            case (.registration(let key), .registration(let registration)):
                try run(
                    "INSERT OR REPLACE INTO registration (namespace, peer, record, expiry, sequence) "
                        + "VALUES (?, ?, ?, ?, ?)",
                    [
                        key.namespace, Data(key.peer.bytes), Data(registration.record),
                        registration.expiry.nanoseconds, Int64(bitPattern: registration.sequence),
                    ])
            case (.registration(let key), _):
                try run(
                    "DELETE FROM registration WHERE namespace = ? AND peer = ?",
                    [key.namespace, Data(key.peer.bytes)])
            }
        }
    }

    private func run(_ sql: String, _ values: StatementArguments) throws {
        try cachedStatement(sql: sql).execute(arguments: values)
    }

    /// The records of one DHT. Rows that can't be read are passed over: a record less is no reason not to start.
    func contents(of dht: String) throws -> JournalContents {
        var contents = JournalContents()
        let providers = try Row.fetchCursor(
            self, sql: "SELECT key, peer, addresses, received FROM provider WHERE dht = ?", arguments: [dht])
        while let row = try providers.next() {
            guard let peer = row.peer("peer"), let addresses = row.addresses else { continue }
            contents.providers.append(
                ProviderRecord(
                    key: row.bytes("key"), provider: peer, addresses: addresses, received: row.received))
        }
        let values = try Row.fetchCursor(
            self, sql: "SELECT key, value, received FROM value WHERE dht = ?", arguments: [dht])
        while let row = try values.next() {
            contents.values.append(
                ValueRecord(key: row.bytes("key"), value: row.bytes("value"), received: row.received))
        }
        let announcements = try Row.fetchCursor(
            self, sql: "SELECT kind, key, told FROM announcement WHERE dht = ?", arguments: [dht])
        while let row = try announcements.next() {
            guard let kind = Announcement.Kind(rawValue: row["kind"] as Int? ?? -1) else { continue }
            contents.announcements.append(
                Announcement(
                    .init(kind, row.bytes("key")), told: (row["told"] as Int64?).map { Timestamp(nanoseconds: $0) }))
        }
        let peers = try Row.fetchCursor(
            self, sql: "SELECT peer, addresses FROM routing WHERE dht = ?", arguments: [dht])
        while let row = try peers.next() {
            guard let peer = row.peer("peer"), let addresses = row.addresses else { continue }
            contents.peers.append(RoutingPeer(id: peer, addresses: addresses))
        }
        return contents
    }

    /// The rendezvous server's registrations.
    func registrations() throws -> [Registration] {
        var registrations: [Registration] = []
        let rows = try Row.fetchCursor(self, sql: "SELECT namespace, peer, record, expiry, sequence FROM registration")
        while let row = try rows.next() {
            guard let peer = row.peer("peer"), let namespace = row["namespace"] as String? else { continue }
            registrations.append(
                Registration(
                    key: .init(namespace: namespace, peer: peer), record: row.bytes("record"),
                    expiry: Timestamp(nanoseconds: row["expiry"] as Int64? ?? 0),
                    sequence: UInt64(bitPattern: row["sequence"] as Int64? ?? 0)))
        }
        return registrations
    }

    /// What was known of peers.
    func knownPeers() throws -> [(PeerID, KnownPeer)] {
        var peers: [(PeerID, KnownPeer)] = []
        let rows = try Row.fetchCursor(self, sql: "SELECT id, known FROM peer")
        while let row = try rows.next() {
            guard let peer = row.peer("id"), let stored = try? StoredPeer(protobuf: row.bytes("known")) else {
                continue
            }
            peers.append((peer, stored.known))
        }
        return peers
    }
}

extension Row {
    fileprivate func bytes(_ column: String) -> [UInt8] { (self[column] as Data?).map(Array.init) ?? [] }

    fileprivate func peer(_ column: String) -> PeerID? { try? PeerID(bytes: bytes(column)) }

    fileprivate var addresses: [Multiaddr]? { try? StoredAddresses(protobuf: bytes("addresses")).addresses }

    fileprivate var received: Timestamp { Timestamp(nanoseconds: self["received"] as Int64? ?? 0) }
}
