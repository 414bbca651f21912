/// The streams of one connection, found by wire id or by handle, both in constant time.
///
/// The wire id is looked up once for each inbound frame. Everything else goes by slot, which is an array access: the
/// entries lie side by side in one array, and places are used again, so opening and closing streams allocates nothing
/// once the table has its size. The dictionary keeps Swift's seeded hashing, because the peer chooses the ids.
struct StreamTable<ID: Hashable & Sendable, Entry: Sendable>: Sendable {
    private struct Place: Sendable {
        var generation: UInt32 = 0
        var entry: Entry?
    }

    private var slots: [ID: Int] = [:]
    private var places: [Place] = []
    private var vacant: [Int] = []

    /// How many streams there are.
    var count: Int { slots.count }

    /// The handle of the stream with this wire id.
    func handle(for id: ID) -> StreamHandle? {
        guard let slot = slots[id] else { return nil }
        return StreamHandle(slot: slot, generation: places[slot].generation)
    }

    /// The handle of the stream that lives in this place now.
    func handle(at slot: Int) -> StreamHandle? {
        guard places.indices.contains(slot), places[slot].entry != nil else { return nil }
        return StreamHandle(slot: slot, generation: places[slot].generation)
    }

    /// The handles of all streams, oldest place first.
    var handles: [StreamHandle] { places.indices.compactMap { handle(at: $0) } }

    /// Puts a stream into a place. The caller has made sure that the id is not in use.
    mutating func insert(_ entry: Entry, id: ID) -> StreamHandle {
        let slot: Int
        if let reused = vacant.popLast() {
            slot = reused
            places[slot].generation &+= 1  // wraps after 2^32 tenants of one place; stale handles are long gone by then
        } else {
            slot = places.count
            places.append(Place())
        }
        places[slot].entry = entry
        slots[id] = slot
        return StreamHandle(slot: slot, generation: places[slot].generation)
    }

    /// Takes a stream out; its handles are stale from now on.
    mutating func remove(_ handle: StreamHandle, id: ID) {
        guard contains(handle) else { return }
        places[handle.slot].entry = nil
        vacant.append(handle.slot)
        slots[id] = nil
    }

    /// Whether the handle's stream is still here.
    func contains(_ handle: StreamHandle) -> Bool {
        places.indices.contains(handle.slot) && places[handle.slot].generation == handle.generation
            && places[handle.slot].entry != nil
    }

    /// The handle's stream, nil once it is gone. Writing through a stale handle does nothing.
    ///
    /// Entries are small and hold no references, so they are copied: an accessor that lends them would take memory from
    /// the heap at every call.
    subscript(handle: StreamHandle) -> Entry? {
        get { contains(handle) ? places[handle.slot].entry : nil }
        set { if contains(handle) { places[handle.slot].entry = newValue } }
    }
}
