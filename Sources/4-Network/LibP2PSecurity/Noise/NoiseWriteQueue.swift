internal import NIOCore

/// The writes of one tick, on their way into frames.
struct NoiseWriteQueue {
    private struct Write {
        var bytes: ByteBuffer
        let promise: EventLoopPromise<Void>?
    }

    /// An idle connection keeps room for this many writes; a burst's room is given back.
    private static let keptCapacity = 8

    private var writes: [Write] = []
    /// The index of the first write that has not been moved entirely.
    private var first = 0
    /// How many bytes wait.
    private(set) var byteCount = 0
    /// Stands for all writes whose last byte is in the current frame; the others follow it.
    private var completion: EventLoopPromise<Void>?

    var isEmpty: Bool { writes.isEmpty }

    mutating func append(_ bytes: ByteBuffer, promise: EventLoopPromise<Void>?) {
        byteCount += bytes.readableBytes
        writes.append(Write(bytes: bytes, promise: promise))
    }

    /// Appends the next `count` bytes to `frame`. All writes that end within them are done with, empty ones too.
    mutating func move(_ count: Int, to frame: inout ByteBuffer) {
        var missing = count
        while first < writes.count {
            let available = writes[first].bytes.readableBytes
            guard available <= missing else {
                // The write goes on in the next frame.
                if var piece = writes[first].bytes.readSlice(length: missing) { frame.writeBuffer(&piece) }
                missing = 0
                break
            }
            frame.writeBuffer(&writes[first].bytes)
            missing -= available
            complete(writes[first].promise)
            first += 1
        }
        byteCount -= count - missing
        if first == writes.count { removeAll() }
    }

    /// The promise of all writes that ended in the last frame; nil if nobody wants to know.
    mutating func takePromise() -> EventLoopPromise<Void>? {
        defer { completion = nil }
        return completion
    }

    /// Fails all that has not been sent, a frame that could not be encrypted included.
    mutating func fail(_ error: any Error) {
        let promises = [takePromise()] + writes.dropFirst(first).map(\.promise)
        removeAll()
        for promise in promises { promise?.fail(error) }
    }

    private mutating func complete(_ promise: EventLoopPromise<Void>?) {
        guard let promise else { return }
        if let completion {
            completion.futureResult.cascade(to: promise)
        } else {
            completion = promise
        }
    }

    private mutating func removeAll() {
        writes.removeAll(keepingCapacity: writes.capacity <= Self.keptCapacity)
        first = 0
        byteCount = 0
    }
}
