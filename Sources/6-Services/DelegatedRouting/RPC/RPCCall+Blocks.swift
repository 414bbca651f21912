import HTTPTypes
import LibP2PBitswap
import LibP2PCore
import Logging
import Multiformats
import NIOCore

// block/… and refs.
extension RPCCall {
    func blockStat() async throws -> DelegateResponse {
        let block = try await block(at: arguments.argument("cid"))
        return line(RPCAnswer.block(block.cid, size: block.data.count))
    }

    func blockGet() async throws -> DelegateResponse {
        let block = try await block(at: arguments.argument("cid"))
        var response = DelegateResponse(.ok, type: "application/vnd.ipld.raw", block.data)
        response.headers[.streamOutput] = "1"
        response.headers[.wholeLength] = "\(block.data.count)"
        return response
    }

    /// The links of blocks, or of all below them.
    ///
    /// Clients up to the end of 2020 publish by this alone: kubo of then provided whatever it fetched. So the roots are
    /// provided here, where the client may have that done.
    func refs() async throws -> DelegateResponse {
        let isRecursive = try arguments.flag("recursive", "r")
        let depth = try arguments.integer("max-depth", default: -1, in: -1...1_000_000)
        let isUnique = try arguments.flag("unique", "u")
        let style = try ReferenceStyle(format: arguments.text("format"), edges: arguments.flag("edges", "e"))
        var roots: [Block] = []
        for path in try arguments.several("ipfs-path") { roots.append(try await block(at: path)) }
        await publish(roots.map(\.cid))
        let walkers = roots.map { root in
            let walk = DAGWalk(
                root: root.cid, depth: isRecursive ? (depth < 0 ? nil : depth) : 1, isUnique: isUnique)
            return DAGWalker(walk, on: executor, ahead: 8) { [self] cid in
                cid == root.cid ? root : try await fetch(cid)
            }
        }
        return DelegateResponse(.ok, headers: Self.streamHeaders, body: .stream(lines(of: walkers, style)))
    }

    /// The lines come when they are asked for: a walk goes no faster than its reader.
    private func lines(of walkers: [DAGWalker], _ style: ReferenceStyle) -> DelegateStream {
        let end = executor.now + TimeAmount(deadline)
        let executor = executor
        return DelegateStream {
            // One that has ended says so again.
            for walker in walkers {
                guard executor.now < end else { return .end(nil) }
                switch await walker.next() {
                case .link(let reference):
                    return .bytes(ByteBuffer(bytes: RPCAnswer.reference(style.text(reference)) + [UInt8(ascii: "\n")]))
                case .failed(let error):
                    let line = RPCAnswer.reference("", error: RPCAPI.message(of: error))
                    return .bytes(ByteBuffer(bytes: line + [UInt8(ascii: "\n")]))
                case .end: continue
                }
            }
            return .end(nil)
        } onCancel: {
            executor.spawn { for walker in walkers { await walker.cancel() } }
        }
    }

    private func publish(_ cids: [CID]) async {
        guard (try? delegate.authorize(request, delegate.settings.allowsProvide)) != nil else { return }
        // A block that is its own name is everywhere.
        for cid in cids where Block(inlinedIn: cid) == nil {
            do {
                try await delegate.router.beginProviding(cid)
            } catch {
                // The client asked for links, and gets them.
                delegate.logger.info(
                    "a block is not provided", metadata: ["cid": "\(cid)", "reason": "\(RPCAPI.message(of: error))"])
            }
        }
    }

    // MARK: Getting blocks

    private func fetch(_ cid: CID) async throws -> Block {
        let isLocal = try arguments.flag("offline")
        let (node, client) = (delegate.node, request.client)
        return try await within { try await node.block(cid, for: client, isLocal: isLocal) }
    }

    /// The block at a path: a CID, `/ipfs/` and a CID, and names of links behind it.
    private func block(at path: String) async throws -> Block {
        var names = path.split(separator: "/", omittingEmptySubsequences: true)[...]
        if path.hasPrefix("/") {
            guard names.first == "ipfs" || names.first == "ipld" else {
                throw RoutingError(.badInput, "\"\(path.prefix(200))\" is not a path of /ipfs")
            }
            names = names.dropFirst()
        }
        guard let first = names.first, names.count <= Self.maxNames else {
            throw RoutingError(.badInput, "\"\(path.prefix(200))\" names no block, or has too many parts")
        }
        var block = try await fetch(try PathKey.content(String(first)))
        for name in names.dropFirst() {
            guard let link = try block.links().first(where: { $0.name == name }) else {
                throw RoutingError(.notFound, "no link named \"\(name.prefix(200))\" under \(block.cid)")
            }
            block = try await fetch(link.cid)
        }
        return block
    }

    /// Names in a path: each costs a block.
    private static let maxNames = 32
}

/// How `refs` writes a link.
private struct ReferenceStyle: Sendable {
    let format: String?

    init(format: String?, edges: Bool) throws(RoutingError) {
        guard format == nil || !edges else { throw RoutingError(.badInput, "use either format or edges, not both") }
        guard (format ?? "").utf8.count <= 256 else { throw RoutingError(.badInput, "the format is too long") }
        self.format = edges ? "<src> -> <dst>" : format
    }

    func text(_ reference: DAGWalk.Reference) -> String {
        guard let format else { return reference.link.cid.description }
        return format.replacing("<src>", with: reference.parent.description)
            .replacing("<dst>", with: reference.link.cid.description)
            .replacing("<linkname>", with: reference.link.name)
    }
}
