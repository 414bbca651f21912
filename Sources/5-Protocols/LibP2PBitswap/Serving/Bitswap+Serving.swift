import LibP2PIdentity
import Multiformats
import OrderedCollections

// Answering what peers want.
extension Bitswap {
    /// Looks up what a peer wants, the most urgent first, until there is a message's worth.
    func composeAnswer(to peer: PeerID, _ version: BitswapVersion) async -> BitswapMessage {
        var answer = BitswapMessage()
        var byteCount = 0
        while byteCount < configuration.maxAnswerBytes, answer.presences.count < BitswapMessage.maxWants,
            let want = partners[peer]?.queue.next()
        {
            guard configuration.isServing, let size = await store.size(of: want.cid) else {
                deny(want, in: &answer)
                partners[peer]?.queue.park(want)
                continue
            }
            if want.kind == .have, size > configuration.inlineBytes {
                answer.presences.append(BlockPresence(cid: want.cid, isThere: true))
                continue
            }
            if byteCount > 0, byteCount + size > configuration.maxAnswerBytes {
                _ = partners[peer]?.queue.apply([want], isFull: false)
                break
            }
            guard let block = await store.block(want.cid) else {
                deny(want, in: &answer)
                continue
            }
            answer.blocks.append(BlockPayload(block))
            byteCount += block.data.count
        }
        return answer
    }

    private func deny(_ want: Want, in answer: inout BitswapMessage) {
        if want.asksForDenial { answer.presences.append(BlockPresence(cid: want.cid, isThere: false)) }
    }

    /// A block has come: those who asked for it before get it now.
    func serveParkedWants(of hash: Multihash) {
        guard configuration.isServing else { return }
        for peer in Array(partners.keys) where partners[peer]?.queue.blockArrived(hash) == true {
            startSending(to: peer)
        }
    }

    /// Tells the service that its store holds a block that it did not fetch by itself.
    public func blockWasAdded(_ block: Block) { serveParkedWants(of: block.cid.multihash) }

    // MARK: Places

    /// Takes one of the places for answers; when there is none, the peer waits for one.
    func takePlace(for peer: PeerID) -> Bool {
        guard answersUnderWay >= configuration.maxAnswersAtATime else {
            answersUnderWay += 1
            return true
        }
        if partners[peer]?.awaitsPlace == false {
            partners[peer]?.awaitsPlace = true
            waitingAnswers.append(peer)
        }
        return false
    }

    func givePlace() {
        answersUnderWay -= 1
        while !waitingAnswers.isEmpty {
            let next = waitingAnswers.removeFirst()
            guard partners[next] != nil else { continue }
            partners[next]?.awaitsPlace = false
            return startSending(to: next)
        }
    }
}
