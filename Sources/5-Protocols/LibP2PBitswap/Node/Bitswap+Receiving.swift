import LibP2PCore
import LibP2PIdentity
import Logging
import Multiformats
import OrderedCollections

// What peers say.
extension Bitswap {
    /// Takes a message.
    func receive(_ message: BitswapMessage, on connection: Connection, _ version: BitswapVersion) async {
        guard isRunning else { return }
        let peer = connection.remotePeer
        if !message.wants.isEmpty || message.isFullWantlist { take(message.wants, message.isFullWantlist, of: peer) }
        for presence in message.presences { take(presence, from: peer) }
        for payload in message.blocks { await take(payload, from: peer) }
    }

    private func take(_ wants: [Want], _ isFull: Bool, of peer: PeerID) {
        // Who left meanwhile can't be answered, and would stay in the table.
        guard !network.connections(to: peer).isEmpty, makePartner(peer) else {
            statistics.droppedWants += wants.count
            return
        }
        statistics.droppedWants += partners[peer]?.queue.apply(wants, isFull: isFull) ?? 0
        if partners[peer]?.queue.isEmpty == false { startSending(to: peer) }
    }

    private func take(_ presence: BlockPresence, from peer: PeerID) {
        let hash = presence.cid.multihash
        guard fetches[hash]?.hunt.knows(peer) == true else { return }
        if presence.isThere {
            fetches[hash]?.hunt.noteHave(peer)
        } else {
            fetches[hash]?.hunt.noteAbsence(peer)
        }
        advance(hash)
    }

    private func take(_ payload: BlockPayload, from peer: PeerID) async {
        // Nobody gets hashes computed here who was not asked for something.
        guard awaits(peer) else {
            statistics.unwantedBlocks += 1
            return
        }
        let block: Block
        do {
            block = try payload.block()
        } catch {
            return refuse(peer, error)
        }
        let hash = block.cid.multihash
        guard let cid = fetches[hash]?.cid else {
            if recent.contains(hash) {
                statistics.unwantedBlocks += 1
            } else {
                refuse(peer, BitswapError(.wrongBlock, "a peer that was asked for other blocks sent \(block.cid)"))
            }
            return
        }
        statistics.receivedBlocks += 1
        statistics.receivedBytes += block.data.count
        let wanted = block.renamed(cid) ?? block
        do {
            try await store.keep(wanted)
        } catch {
            logger.warning("a block could not be kept", metadata: ["cid": "\(cid)", "error": "\(error)"])
        }
        deliver(wanted, from: peer)
        serveParkedWants(of: hash)
    }

    /// A peer sent something that is not what it was asked for: nothing more is expected of it.
    private func refuse(_ peer: PeerID, _ error: BitswapError) {
        statistics.refusedBlocks += 1
        logger.debug("a block was refused", metadata: ["peer": "\(peer)", "error": "\(error)"])
        giveUp(peer)
    }
}
