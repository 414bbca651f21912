import LibP2PCore
import NIOCore

/// A client that polls: GETs take what waits for it, POSTs bring what it says.
extension EngineConnection: LoopFlushing {
    /// Answers a GET, at once or when there is something.
    func answer(poll promise: EventLoopPromise<EngineResponse>) {
        executor.loop.assertInEventLoop()
        switch session.beginPoll(hasOutput: !outbox.isEmpty) {
        case .answer: promise.succeed(.text(takeOutbox()))
        case .wait: poll = promise
        case .release: promise.succeed(.text(Self.payload(Self.noop, revision)))
        case .refuse: promise.succeed(refusal(.badRequest))
        case .overlap:
            promise.succeed(refusal(.badRequest))
            close(.overlap)
        }
    }

    /// The client that polled is gone: so is the session, as at the reference server.
    func abandon(poll promise: EventLoopPromise<EngineResponse>) {
        executor.loop.assertInEventLoop()
        guard let poll, poll.futureResult === promise.futureResult else { return }
        close(.transportClosed)
    }

    /// Takes the packets of a POST.
    func answer(post request: EngineRequest, _ promise: EventLoopPromise<EngineResponse>) {
        executor.loop.assertInEventLoop()
        let isBinary = request.contentType?.lowercased().hasPrefix("application/octet-stream") ?? false
        guard session.takesPosts, !(isBinary && revision == .four) else {
            return promise.succeed(refusal(.badRequest))
        }
        guard request.body.readableBytes <= server.settings.maxPayload else {
            return promise.succeed(refusal(.tooLarge))
        }
        let form: PayloadReader.Form = revision == .four ? .separated : isBinary ? .binary : .counted
        let isTaken = take(PayloadReader(request.body, form))
        promise.succeed(isTaken ? .ok : refusal(.badRequest))
    }

    /// Takes packet after packet, until there is none or the session has ended.
    ///
    /// - Returns: whether all of them could be read.
    private func take(_ reader: consuming PayloadReader) -> Bool {
        var count = 0
        do throws(StarSignallingError) {
            while let packet = try reader.next() {
                count += 1
                guard count <= server.settings.maxPacketsPerPayload else {
                    close(.flood)
                    return false
                }
                receive(packet)
                if session.isClosed { return packet.kind == .close }
            }
            return true
        } catch {
            close(.malformed)
            return false
        }
    }

    /// Takes what waits, up to so many packets. The first poll of a session is answered with it.
    func takeOutbox(atMost limit: Int = PollingPayload.mostPackets) -> ByteBuffer {
        var payload = ByteBuffer()
        var left = limit
        var taken = 0
        while left > 0, taken < outbox.count {
            let batch = outbox[taken]
            let count = min(left, batch.count)
            for packet in 0..<count {
                if let text = batch.text(packet) { PollingPayload.append(text, to: &payload, revision: revision) }
            }
            left -= count
            outboxCost -= batch.byteCount
            if count < batch.count {
                outbox[taken] = batch.slice(count..<batch.count)
                outboxCost += outbox[taken].byteCount
            } else {
                outboxCost -= EngineSettings.writeCost
                taken += 1
            }
        }
        outbox.removeFirst(taken)
        return payload
    }

    // MARK: The waiting poll

    /// Answers the waiting poll at the tick's end, so that it takes all that this tick brings.
    func planFlush() {
        guard !isFlushPlanned else { return }
        isFlushPlanned = true
        executor.flushSoon(self)
    }

    func flushNow() {
        isFlushPlanned = false
        if !outbox.isEmpty, !session.isClosed { endPoll { takeOutbox() } }
    }

    /// Answers the waiting poll, so that the client stops polling. What waits it will get over the WebSocket.
    func releasePoll() { endPoll { Self.payload(Self.noop, revision) } }

    /// Answers the waiting poll of a session that ends: to a client that said goodbye with a noop, to others with what
    /// waited and a goodbye.
    func answerLastPoll(_ reason: CloseReason) {
        endPoll {
            guard reason != .clientClosed else { return Self.payload(Self.noop, revision) }
            var payload = takeOutbox(atMost: PollingPayload.mostPackets - 1)
            PollingPayload.append(Self.goodbye, to: &payload, revision: revision)
            return payload
        }
    }

    private func endPoll(_ payload: () -> ByteBuffer) {
        guard let poll else { return }
        self.poll = nil
        session.endPoll()
        poll.succeed(.text(payload()))
    }

    private func refusal(_ refusal: EngineRefusal) -> EngineResponse {
        server.metrics.countRefused(refusal)
        return .refusal(refusal)
    }

    private static let noop = ByteBuffer(staticString: "6")
    private static let goodbye = ByteBuffer(staticString: "1")

    private static func payload(_ packet: ByteBuffer, _ revision: EngineRevision) -> ByteBuffer {
        var payload = ByteBuffer()
        PollingPayload.append(packet, to: &payload, revision: revision)
        return payload
    }
}
