import AsyncHTTPClient
public import LibP2PCore
public import LibP2PIdentity
import LibP2PKademlia
public import Multiformats
import NIOCore
import NIOHTTP1
import Synchronization

/// Another server of Delegated Routing V1 as a router. What it says of peers is believed as far as a DHT's word is; records
/// of names are verified. Nothing can be provided through it.
public struct UpstreamRouter: Router {
    private let upstream: Upstream
    private let clock: WallClock

    /// Asks a server.
    public init(_ upstream: Upstream, clock: WallClock = .system) {
        self.upstream = upstream
        self.clock = clock
    }

    /// See ``Router``.
    public func findProviders(
        of cid: CID, limit: Int, onFound: @escaping @Sendable (RoutingRecord) -> Void
    ) async throws {
        // Of the versions of a CID, which all mean the same content, every server knows this one.
        try await records("/providers/\(cid.asVersion1)", .providers, limit: limit, onFound)
    }

    /// See ``Router``.
    public func findPeer(_ peer: PeerID, onFound: @escaping @Sendable (RoutingRecord) -> Void) async throws {
        try await records("/peers/\(peer.cid)", .peers, limit: 0) { if $0.id == peer { onFound($0) } }
    }

    /// See ``Router``. The steps are the server's own business.
    public func closestPeers(
        to key: [UInt8], onStep: @escaping @Sendable (QueryEvent) -> Void
    ) async throws -> [RoutingRecord] {
        guard let hash = try? Multihash(bytes: key) else { return [] }
        let found = Mutex<[RoutingRecord]>([])
        try await records("/dht/closest/peers/\(CID(codec: .raw, multihash: hash))", .peers, limit: 20) { record in
            found.withLock { $0.append(record) }
        }
        return found.withLock { $0 }
    }

    /// See ``Router``. Only names of IPNS are served, and only a record that its name's key signed is believed.
    public func value(of key: [UInt8]) async throws -> [UInt8]? {
        guard let name = Self.name(key) else { return nil }
        let now = clock.now
        let request = upstream.request("/ipns/\(name.cid.text(in: .base36))", accept: UpstreamAnswer.recordType)
        return try await upstream.ask(request) { content, response in
            try Self.refuseForeign(content)
            guard content == .record else { return nil }
            let body = try await response.body.collect(upTo: IPNSRecord.maxSize)
            let bytes = [UInt8](body.readableBytesView)
            // One that has run out, or never was one, is nothing: clients choose the names.
            guard (try? IPNSRecord(bytes: bytes).verify(name: name, now: now)) != nil else { return nil }
            return bytes
        }
    }

    /// See ``Router``. Only records of IPNS are taken.
    public func put(_ value: [UInt8], key: [UInt8]) async throws -> [PeerID] {
        guard let name = Self.name(key) else { return [] }
        var request = upstream.request("/ipns/\(name.cid.text(in: .base36))", .PUT, accept: "*/*")
        request.headers.add(name: "Content-Type", value: UpstreamAnswer.recordType)
        request.body = .bytes(ByteBuffer(bytes: value))
        guard try await upstream.ask(request, { _, _ in true }) != nil else {
            throw RoutingError(.notImplemented, "\(upstream.url) does not take the record")
        }
        return []
    }

    /// See ``Router``. The protocol has no such route any more.
    public func provide(_ cid: CID) async throws -> [PeerID] { [] }

    /// See ``Router``. Nor is there one for this.
    public func beginProviding(_ cid: CID) async throws {}

    // MARK: Records

    private func records(
        _ route: String, _ list: RecordList.Name, limit: Int, _ onFound: @escaping @Sendable (RoutingRecord) -> Void
    ) async throws {
        let heard = Atomic<Bool>(false)
        let request = upstream.request(route, accept: "\(AnswerForm.lines.rawValue), \(AnswerForm.json.rawValue);q=0.9")
        _ = try await upstream.ask(request, heard: { heard.load(ordering: .relaxed) }) { content, response in
            try Self.refuseForeign(content)
            guard case .peers(let form) = content else { return nil as Bool? }
            var stream = RecordStream(form, list, limit: limit)
            func tell(_ records: [RoutingRecord]) {
                for record in records {
                    heard.store(true, ordering: .relaxed)
                    onFound(record)
                }
            }
            for try await bytes in response.body {
                tell(try stream.read(bytes.readableBytesView))
                if stream.isFull { return true }
            }
            tell(try stream.end())
            return true
        }
    }

    /// What is no answer of this protocol is a failure: a page that says how busy the server is, or whom to pay.
    private static func refuseForeign(_ content: UpstreamAnswer.Content) throws(RoutingError) {
        guard case .foreign(let type) = content else { return }
        throw RoutingError(.unavailable, "it answered with the type \"\(type)\"")
    }

    /// The name that a key of the DHT is of.
    private static func name(_ key: [UInt8]) -> PeerID? {
        let prefix = Array("/ipns/".utf8)
        guard key.starts(with: prefix) else { return nil }
        return try? PeerID(bytes: Array(key.dropFirst(prefix.count)))
    }
}
