import HTTPTypes
import LibP2PCore
import LibP2PIdentity
import LibP2PKademlia
import Multiformats
import NIOCore

/// Delegated Routing V1 (ipfs/specs, `src/routing/http-routing-v1.md`).
struct RoutingAPI {
    static let prefix = "/routing/v1/"

    let delegate: Delegate
    let executor: LoopExecutor

    private static let recordType = "application/vnd.ipfs.ipns-record"

    func respond(to request: DelegateRequest) async -> DelegateResponse {
        var response: DelegateResponse
        do {
            response = try await route(request)
        } catch {
            let error = Self.routingError(error)
            response = DelegateResponse(HTTPResponse.Status(code: error.status), text: error.message)
            if error.code == .busy { response.headers[.retryAfter] = "1" }
        }
        response.headers[.accessControlAllowOrigin] = "*"
        return response
    }

    private static func routingError(_ error: any Error) -> RoutingError {
        switch error {
        case let error as RoutingError: error
        case let error as NetworkError where error.code == .timeout:
            RoutingError(.timeout, "the network did not answer in time", cause: error)
        default: RoutingError(.unavailable, "the routing failed: \(error)", cause: error)
        }
    }

    private func route(_ request: DelegateRequest) async throws -> DelegateResponse {
        guard let parts = request.parts(behind: Self.prefix) else {
            throw RoutingError(.badInput, "the path can't be read")
        }
        let known: Bool
        switch (parts.first, parts.count) {
        case ("providers", 2), ("peers", 2), ("ipns", 2): known = true
        case ("dht", 4): known = parts[1] == "closest" && parts[2] == "peers"
        // The retired announcements.
        case ("providers", 1), ("peers", 1): known = request.method == .put
        default: known = false
        }
        guard known, let kind = parts.first, let key = parts.last else {
            throw RoutingError(.unknownRoute, "there is no such route below \(Self.prefix)")
        }
        let isRecord = kind == "ipns"
        switch (request.method, isRecord) {
        case (.options, _): return Self.preflight(isRecord)
        case (.get, true), (.head, true): return try await record(key, request)
        case (.put, true): return try await put(key, request)
        case (.get, false), (.head, false): return try await records(kind, key, request)
        default: break
        }
        throw RoutingError(.notImplemented, "\(request.method) is not served for this path")
    }

    private static func preflight(_ isRecord: Bool) -> DelegateResponse {
        DelegateResponse(
            .noContent,
            headers: [
                .accessControlAllowMethods: isRecord ? "GET, PUT, OPTIONS" : "GET, OPTIONS",
                .accessControlAllowHeaders: "Accept, Authorization, Content-Type, User-Agent",
                .accessControlMaxAge: "86400",
            ])
    }

    // MARK: Records

    private func records(_ kind: String, _ key: String, _ request: DelegateRequest) async throws -> DelegateResponse {
        let form = try AnswerForm(accept: request.headers[.accept])
        let query = try QueryItems(request.query)
        let filter = try RecordFilter(
            addresses: query.single("filter-addrs"), protocols: query.single("filter-protocols"))
        let limit = form == .json ? RecordList.limit : delegate.settings.maxStreamedRecords
        let router = delegate.router
        // A limit of the search's own would count what the filter drops.
        let searchLimit = filter.isEmpty ? limit : 0
        var question: RoutingQuestion?
        let search: @Sendable (@escaping @Sendable (RoutingRecord) -> Void) async throws -> Void
        switch kind {
        case "providers":
            let cid = try PathKey.content(key)
            question = .providers(cid.multihash)
            search = { found in try await router.findProviders(of: cid, limit: searchLimit, onFound: found) }
        case "peers":
            let peer = try PathKey.peer(key)
            question = .peer(peer)
            search = { found in try await router.findPeer(peer, onFound: found) }
        default:
            let place = try PathKey.place(key)
            search = { found in
                for record in try await router.closestPeers(to: place, onStep: { _ in }).prefix(20) { found(record) }
            }
        }
        let name: RecordList.Name = kind == "providers" ? .providers : .peers
        if let records = question.flatMap(router.known) {
            return answer(records.lazy.compactMap(filter.apply).prefix(limit), form, name)
        }
        let findings = Findings<RoutingRecord>(
            on: executor, within: delegate.settings.deadline, capacity: limit
        ) { found in
            do {
                try await search { if let wanted = filter.apply($0) { found(wanted) } }
            } catch let error as RoutingError where error.code == .notFound {
                // Nothing was found: an empty answer.
            }
        }
        switch form {
        case .json: return answer(RecordList.newest(of: try await findings.all()), form, name)
        case .lines: return try await lines(findings)
        }
    }

    /// An answer whose records are all there.
    private func answer(
        _ records: some Sequence<RoutingRecord>, _ form: AnswerForm, _ name: RecordList.Name
    ) -> DelegateResponse {
        let records = Array(records)
        let body =
            switch form {
            case .json: RecordList.json(records, name)
            case .lines: records.flatMap { $0.json + [UInt8(ascii: "\n")] }
            }
        var response = DelegateResponse(.ok, type: form.rawValue, body)
        setCaching(&response, isEmpty: records.allSatisfy(\.addresses.isEmpty))
        return response
    }

    /// The headers wait for the first record, because they say how long the answer is good.
    private func lines(_ findings: Findings<RoutingRecord>) async throws -> DelegateResponse {
        let first = await findings.next()
        if case .end(let error?) = first { throw error }
        var response = DelegateResponse(.ok, headers: [.contentType: AnswerForm.lines.rawValue])
        if case .element(let record) = first {
            response.body = .stream(findings.lines(startingWith: record) { $0.json })
            setCaching(&response, isEmpty: record.addresses.isEmpty)
        } else {
            setCaching(&response, isEmpty: true)
        }
        return response
    }

    private func setCaching(_ response: inout DelegateResponse, isEmpty: Bool) {
        // Appended, since none of them is there: to set one is to look for it.
        response.headers.append(HTTPField(name: .vary, value: "Accept"))
        response.headers.append(HTTPField(name: .cacheControl, value: CachePolicy.records(isEmpty: isEmpty)))
        response.headers.append(HTTPField(name: .lastModified, value: delegate.clock.now.httpDate))
    }

    // MARK: IPNS

    private func record(_ key: String, _ request: DelegateRequest) async throws -> DelegateResponse {
        let name = try PathKey.name(key)
        guard MediaTypes(request.headers[.accept]).accepts(Self.recordType) else {
            throw RoutingError(.notAcceptable, "IPNS records are served as \(Self.recordType) only; ask for that")
        }
        let router = delegate.router
        let value = try await withDeadline(delegate.settings.deadline, on: executor) {
            try await router.value(of: Self.routingKey(name))
        }
        let now = delegate.clock.now
        guard let value, let record = try? IPNSRecord(bytes: value), (try? record.verify(name: name, now: now)) != nil
        else {
            var response = DelegateResponse(.ok, text: "no record of this name was found")
            response.headers[.vary] = "Accept"
            response.headers[.cacheControl] = CachePolicy.records(isEmpty: true)
            return response
        }
        let tag = CachePolicy.tag(of: record)
        var response = DelegateResponse(.ok, type: Self.recordType, value)
        if request.headers[.ifNoneMatch] == tag { response = DelegateResponse(.notModified) }
        response.headers[.eTag] = tag
        response.headers[.vary] = "Accept"
        response.headers[.cacheControl] = CachePolicy.record(record, now: now)
        response.headers[.expires] = record.validity.httpDate
        return response
    }

    private func put(_ key: String, _ request: DelegateRequest) async throws -> DelegateResponse {
        try delegate.authorize(request, delegate.settings.allowsPut)
        let name = try PathKey.name(key)
        guard MediaTypes(request.headers[.contentType]).names(Self.recordType) else {
            throw RoutingError(.notAcceptable, "send the record with Content-Type: \(Self.recordType)")
        }
        let bytes = [UInt8](request.body.readableBytesView)
        do {
            try IPNSRecord(bytes: bytes).verify(name: name, now: delegate.clock.now)
        } catch {
            throw RoutingError(.invalidRecord, "the record is refused: \(error.message)", cause: error)
        }
        let router = delegate.router
        _ = try await withDeadline(delegate.settings.deadline, on: executor) {
            try await router.put(bytes, key: Self.routingKey(name))
        }
        return DelegateResponse(.ok)
    }

    static func routingKey(_ name: PeerID) -> [UInt8] { Array("/ipns/".utf8) + name.bytes }
}

extension Findings {
    /// Each finding as a line, the first of which was taken already.
    func lines(
        startingWith first: Element?, onEnd: @escaping @Sendable ((any Error)?) -> HTTPFields? = { _ in nil },
        _ line: @escaping @Sendable (Element) -> [UInt8]
    ) -> DelegateStream {
        let opening = FirstLine(first.map { ByteBuffer(bytes: line($0) + [UInt8(ascii: "\n")]) })
        return DelegateStream {
            if let bytes = opening.take() { return .bytes(bytes) }
            while true {
                switch await self.next() {
                case .element(let element): return .bytes(ByteBuffer(bytes: line(element) + [UInt8(ascii: "\n")]))
                case .end(let error): return .end(onEnd(error))
                case .nothingYet: continue
                }
            }
        } onCancel: {
            self.cancel()
        }
    }
}
