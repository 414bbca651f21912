import LibP2PCore

/// The streams of a session by the place they have in the session's table.
struct StreamPlaces {
    private var places: [(handle: StreamHandle, stream: Stream)?] = []

    /// Puts a stream into its session's place.
    mutating func insert(_ stream: Stream, at handle: StreamHandle) {
        if handle.slot >= places.count {
            places.append(contentsOf: repeatElement(nil, count: handle.slot - places.count + 1))
        }
        places[handle.slot] = (handle, stream)
    }

    /// The stream of a handle; nil once it is gone.
    subscript(handle: StreamHandle) -> Stream? {
        guard handle.slot < places.count, let place = places[handle.slot], place.handle == handle else { return nil }
        return place.stream
    }

    /// The handle of a stream; nil once it is gone.
    func handle(of stream: Stream) -> StreamHandle? {
        guard stream.slot < places.count, let place = places[stream.slot], place.stream === stream else { return nil }
        return place.handle
    }

    /// Forgets a stream.
    mutating func remove(_ handle: StreamHandle) {
        if self[handle] != nil { places[handle.slot] = nil }
    }

    /// Takes all streams out.
    mutating func removeAll() -> [Stream] {
        defer { places = [] }
        return places.compactMap { $0?.stream }
    }
}
