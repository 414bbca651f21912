import NIOConcurrencyHelpers

@testable import LibP2PKademlia

/// A journal in memory.
final class MemoryJournal: RecordJournal {
    private struct State {
        var providers: [ProviderStore.Reference: ProviderRecord] = [:]
        var values: [[UInt8]: ValueRecord] = [:]
        var announcements: [Announcement.Reference: Announcement] = [:]
        var peers: [RoutingPeer] = []
    }

    private let state = NIOLockedValueBox(State())

    func save(_ record: ProviderRecord) {
        state.withLockedValue { $0.providers[.init(key: record.key, provider: record.provider)] = record }
    }

    func remove(_ reference: ProviderStore.Reference) { state.withLockedValue { $0.providers[reference] = nil } }

    func save(_ record: ValueRecord) { state.withLockedValue { $0.values[record.key] = record } }

    func removeValue(_ key: [UInt8]) { state.withLockedValue { $0.values[key] = nil } }

    func save(_ announcement: Announcement) {
        state.withLockedValue { $0.announcements[announcement.reference] = announcement }
    }

    func removeAnnouncement(_ reference: Announcement.Reference) {
        state.withLockedValue { $0.announcements[reference] = nil }
    }

    /// The keys of the values.
    var values: [[UInt8]] { state.withLockedValue { Array($0.values.keys) } }

    /// What is announced.
    var announcements: [Announcement] { state.withLockedValue { Array($0.announcements.values) } }

    func save(_ peers: [RoutingPeer]) { state.withLockedValue { $0.peers = peers } }

    func load() async throws -> JournalContents {
        state.withLockedValue { state in
            JournalContents(
                providers: Array(state.providers.values), values: Array(state.values.values),
                announcements: Array(state.announcements.values), peers: state.peers)
        }
    }
}
