import Foundation
import HTTPTypes
import LibP2PIdentity
import Multiformats
import NIOCore

// dht/… and routing/….
extension RPCCall {
    func findProviders() async throws -> DelegateResponse {
        let cid = try PathKey.content(arguments.argument("key"))
        let limit = try arguments.integer("num-providers", "n", default: 20, in: 1...1000)
        let router = delegate.router
        let findings: Findings<RoutingRecord> = search(capacity: limit) { found in
            try await router.findProviders(of: cid, limit: limit, onFound: found)
        }
        return try await stream(findings) { QueryEvent(.provider, responses: [readable($0)]).json }
    }

    func findPeer() async throws -> DelegateResponse {
        let peer = try PathKey.peer(arguments.argument("peerID"))
        guard peer != delegate.node.profile.id else {
            throw RoutingError(.badInput, "\(peer) is this node itself")
        }
        let router = delegate.router
        let findings: Findings<RoutingRecord> = search(capacity: 16) { found in
            try await router.findPeer(peer, onFound: found)
        }
        // One line is all that clients read, and an empty list of addresses tells them nothing.
        while true {
            switch await findings.next() {
            case .element(let found):
                let record = readable(found)
                guard !record.addresses.isEmpty else { continue }
                findings.cancel()
                return line(QueryEvent(.finalPeer, responses: [record]).json)
            case .nothingYet: continue
            case .end(let error): throw error ?? RoutingError(.notFound, "routing: not found")
            }
        }
    }

    func query() async throws -> DelegateResponse {
        let key = try PathKey.place(arguments.argument("peerID"))
        let router = delegate.router
        let findings: Findings<QueryEvent> = search(capacity: 1000) { found in
            // js makes a CID of the ID of every line.
            let nearest = try await router.closestPeers(to: key) { event in
                guard event.id != nil else { return }
                var event = event
                event.responses = event.responses?.map(readable)
                found(event)
            }
            for record in nearest { found(QueryEvent(.finalPeer, id: record.id)) }
        }
        return try await stream(findings, \.json)
    }

    func provide() async throws -> DelegateResponse {
        try delegate.authorize(request, delegate.settings.allowsProvide)
        let cids = try arguments.several("key").map { text throws(RoutingError) in try PathKey.content(text) }
        for cid in cids {
            do {
                _ = try await delegate.node.block(cid, for: request.client, isLocal: true)
            } catch {
                throw RoutingError(.notFound, "block \(cid) not found locally, cannot provide", cause: error)
            }
        }
        let router = delegate.router
        let findings: Findings<QueryEvent> = search(capacity: 1000) { found in
            for cid in cids {
                for peer in try await router.provide(cid) { found(QueryEvent(.finalPeer, id: peer)) }
            }
        }
        return try await stream(findings, \.json)
    }

    func get() async throws -> DelegateResponse {
        let key = try Self.recordKey(arguments.argument("key"))
        let router = delegate.router
        guard let value = try await within({ try await router.value(of: key) }) else {
            throw RoutingError(.notFound, "routing: not found")
        }
        return line(QueryEvent(.value, extra: Data(value).base64EncodedString()).json)
    }

    func put() async throws -> DelegateResponse {
        try delegate.authorize(request, delegate.settings.allowsPut)
        let key = try Self.recordKey(arguments.argument("key"))
        let value = try MultipartForm.onlyPart(request.body, type: request.headers[.contentType])
        guard !value.isEmpty, value.count <= Self.maxValue else {
            throw RoutingError(
                .badInput, "a value of \(value.count) bytes is empty or over the limit of \(Self.maxValue)")
        }
        let router = delegate.router
        let findings: Findings<QueryEvent> = search(capacity: 1000) { found in
            for peer in try await router.put(value, key: key) { found(QueryEvent(.value, id: peer)) }
        }
        return try await stream(findings, \.json)
    }

    /// The largest value, in bytes: an IPNS record's bound.
    private static let maxValue = 10_240

    /// The binary key of `/ipns/<name>` or `/pk/<peer id>`; others no node of the network takes.
    static func recordKey(_ text: String) throws(RoutingError) -> [UInt8] {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].isEmpty, parts[1] == "ipns" || parts[1] == "pk",
            let peer = try? PeerID(parts[2])
        else {
            throw RoutingError(
                .badInput, "\"\(text.prefix(200))\" is not a key; keys are /ipns/ or /pk/ and a peer id")
        }
        return Array("/\(parts[1])/".utf8) + peer.bytes
    }
}
