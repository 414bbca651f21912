import Foundation
import GRDB
import LibP2PBasics
import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PKademlia
import Multiformats
import NIOCore
import NIOPosix
import Testing
import Wire

@testable import NodeStorage

@Suite struct NodeStorageTests {
    private let dht: ProtocolID = "/ipfs/kad/1.0.0"

    private func peer(_ number: UInt8) throws -> PeerID {
        try PeerID(bytes: [0x12, 0x20] + [UInt8](repeating: number, count: 32))
    }

    private func provider(_ number: UInt8, key: [UInt8] = [1], at seconds: Int64 = 0) throws -> ProviderRecord {
        ProviderRecord(
            key: key, provider: try peer(number), addresses: [try Multiaddr("/ip4/192.0.2.\(number)/tcp/4001")],
            received: Timestamp(seconds: 1_700_000_000 + seconds))
    }

    private func open(_ folder: TemporaryFolder, flushInterval: Duration = .seconds(2)) throws(StorageError)
        -> NodeStorage
    {
        try NodeStorage(folder: folder.path, on: TemporaryFolder.executor, flushInterval: flushInterval)
    }

    @Test func recordsSurviveARestart() async throws {
        let folder = TemporaryFolder()
        let value = ValueRecord(
            key: Array("/pk/x".utf8), value: [1, 2, 3], received: Timestamp(nanoseconds: 1_700_000_000_123_456_789))
        let neighbour = RoutingPeer(id: try peer(9), addresses: [try Multiaddr("/dns4/example.org/tcp/443/wss")])
        let first = try open(folder)
        let journal = first.journal(for: dht)
        journal.save(try provider(1))
        journal.save(try provider(1, at: 60))
        journal.save(try provider(2))
        journal.save(try provider(3))
        journal.remove(.init(key: [1], provider: try peer(3)))
        journal.save(value)
        journal.save([RoutingPeer(id: try peer(8), addresses: [])])
        journal.save([neighbour])
        let told = Timestamp(nanoseconds: 1_700_000_000_123_456_789)
        let announcements = [
            Announcement(.init(.provider, [1]), told: told), Announcement(.init(.value, [1])),
            Announcement(.init(.provider, [2]), told: told),
        ]
        journal.save(Announcement(announcements[0].reference))
        for announcement in announcements { journal.save(announcement) }
        journal.removeAnnouncement(announcements[2].reference)
        first.journal(for: "/other/kad/1.0.0").save(try provider(4))
        await first.close()

        let second = try open(folder)
        let contents = try await second.journal(for: dht).load()
        #expect(Set(contents.providers) == [try provider(1, at: 60), try provider(2)])
        #expect(contents.values == [value])
        #expect(contents.peers == [neighbour])
        #expect(Set(contents.announcements) == Set(announcements.prefix(2)))
        #expect(try await second.journal(for: "/other/kad/1.0.0").load().announcements.isEmpty)
        #expect(try await second.journal(for: "/other/kad/1.0.0").load().providers == [try provider(4)])
        // What is removed stays removed.
        second.journal(for: dht).removeValue(value.key)
        try await second.flush()
        #expect(try await second.journal(for: dht).load().values.isEmpty)
        await second.close()
    }

    @Test func peersSurviveARestart() async throws {
        let folder = TemporaryFolder()
        let clock = WallClock { Timestamp(seconds: 1_700_000_000) }
        let address = try Multiaddr("/ip4/192.0.2.1/tcp/4001")
        let description = PeerDescription(
            addresses: [address], protocols: ["/ipfs/ping/1.0.0"], agentVersion: "test/1",
            protocolVersion: "ipfs/0.1.0", signedPeerRecord: [7])
        let first = try open(folder)
        let store = MemoryPeerStore(clock: clock, maxPeers: 10)
        try await first.keep(store)
        store.set(description, of: try peer(1))
        store.add([address], of: try peer(2), lifetime: .permanent)
        store.add([address], of: try peer(3), lifetime: .permanent)
        try await first.flush()
        store.remove(try peer(3))
        await first.close()

        let second = try open(folder)
        let restored = MemoryPeerStore(clock: clock, maxPeers: 10)
        try await second.keep(restored)
        #expect(restored.description(of: try peer(1)) == description)
        #expect(restored.addresses(of: try peer(1)) == [address])
        #expect(restored.addresses(of: try peer(2)) == [address])
        #expect(restored.count == 2)
        await second.close()
    }

    @Test func registrationsSurviveARestart() async throws {
        let folder = TemporaryFolder()
        func registration(_ number: UInt8, in namespace: String, sequence: UInt64) throws -> Registration {
            Registration(
                key: .init(namespace: namespace, peer: try peer(number)), record: [number, 2, 3],
                expiry: Timestamp(nanoseconds: 1_700_000_000_123_456_789), sequence: sequence)
        }
        let first = try open(folder)
        let journal = first.registrations
        journal.save(try registration(1, in: "a", sequence: 1))
        journal.save(try registration(1, in: "a", sequence: 2))
        journal.save(try registration(1, in: "b", sequence: 3))
        journal.save(try registration(2, in: "a", sequence: 4))
        journal.save(try registration(3, in: "a", sequence: .max))
        journal.remove(.init(namespace: "a", peer: try peer(2)))
        await first.close()

        let second = try open(folder)
        let kept = [
            try registration(1, in: "a", sequence: 2), try registration(1, in: "b", sequence: 3),
            try registration(3, in: "a", sequence: .max),
        ]
        #expect(Set(try await second.registrations.load()) == Set(kept))
        second.registrations.remove(kept[0].key)
        try await second.flush()
        #expect(Set(try await second.registrations.load()) == Set(kept[1...]))
        await second.close()
    }

    /// What the first release wrote is there after the table of registrations has been added.
    @Test func anOlderDatabaseIsMigrated() async throws {
        let folder = TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let queue = try DatabaseQueue(path: folder.path + "/waystation.sqlite")
        try Schema.migrator.migrate(queue, upTo: "1: records, routing table, peers")
        try await queue.write { database in
            try database.execute(
                sql: "INSERT INTO value (dht, key, value, received) VALUES (?, ?, ?, ?)",
                arguments: [dht.name, Data([1]), Data([2]), 5])
        }
        try queue.close()
        let storage = try open(folder)
        #expect(try await storage.journal(for: dht).load().values.map(\.value) == [[2]])
        #expect(try await storage.registrations.load().isEmpty)
        await storage.close()
    }

    @Test func changesAreWrittenWithinTheInterval() async throws {
        let folder = TemporaryFolder()
        let storage = try open(folder, flushInterval: .milliseconds(20))
        storage.journal(for: dht).save(try provider(1))
        // Another reader of the file, since the storage's own would not show that a file was written.
        var configuration = Configuration()
        configuration.readonly = true
        let reader = try DatabaseQueue(path: folder.path + "/waystation.sqlite", configuration: configuration)
        var count = 0
        for _ in 0..<6000 where count == 0 {
            count = try await reader.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM provider") ?? 0 }
            if count == 0 { try await TemporaryFolder.executor.sleep(for: .milliseconds(10)) }
        }
        #expect(count == 1)
        await storage.close()
    }

    @Test func aSecondUserIsRefused() async throws {
        let folder = TemporaryFolder()
        let first = try open(folder)
        #expect(throws: StorageError.self) { try open(folder) }
        do throws(StorageError) {
            _ = try open(folder)
        } catch {
            #expect(error.code == .inUse)
        }
        await first.close()
        await (try open(folder)).close()
    }

    @Test(arguments: ["this is no database, only a text that is long enough to be looked at", ""])
    func anUnreadableDatabaseIsPutAside(text: String) async throws {
        let folder = TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let path = folder.path + "/waystation.sqlite"
        let junk = Data(String(repeating: text, count: 100).utf8)
        try junk.write(to: URL(filePath: path))
        let storage = try open(folder)
        storage.journal(for: dht).save(try provider(1))
        try await storage.flush()
        #expect(try await storage.journal(for: dht).load().providers.count == 1)
        await storage.close()
        // An empty file is an empty database to SQLite; anything else is kept.
        let aside = try? Data(contentsOf: URL(filePath: path + ".unreadable"))
        #expect(aside == (text.isEmpty ? nil : junk))
    }

    @Test func aDamagedPageIsNoticed() async throws {
        let folder = TemporaryFolder()
        let first = try open(folder)
        for number in UInt8(0)..<200 { first.journal(for: dht).save(try provider(number)) }
        await first.close()
        let path = folder.path + "/waystation.sqlite"
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        try file.seek(toOffset: 4_096 + 100)
        try file.write(contentsOf: Data(repeating: 0xa5, count: 3 * 4_096))
        try file.close()
        let second = try open(folder)
        #expect(FileManager.default.fileExists(atPath: path + ".unreadable"))
        #expect(try await second.journal(for: dht).load() == JournalContents())
        await second.close()
    }

    @Test func aNewerDatabaseIsRefused() async throws {
        let folder = TemporaryFolder()
        await (try open(folder)).close()
        let path = folder.path + "/waystation.sqlite"
        let queue = try DatabaseQueue(path: path)
        var migrator = Schema.migrator
        migrator.registerMigration("99: of the future") { _ in }
        try migrator.migrate(queue)
        try queue.close()
        do throws(StorageError) {
            _ = try open(folder)
            Issue.record("a newer database was opened")
        } catch {
            #expect(error.code == .tooNew)
            #expect(error.message.contains("newer version"))
        }
        #expect(!FileManager.default.fileExists(atPath: path + ".unreadable"))
    }

    @Test func aFolderThatCanNotBeMadeIsNamed() throws {
        do throws(StorageError) {
            _ = try NodeStorage(folder: "/proc/no/such/folder", on: TemporaryFolder.executor)
            Issue.record("a folder was made in /proc")
        } catch {
            #expect(error.code == .notWritable)
            #expect(error.message.contains("/proc/no"))
        }
    }

    @Test func whatWasFlushedSurvivesAKill() async throws {
        await #expect(processExitsWith: .signal(SIGKILL)) {
            let folder = TemporaryFolder.shared(by: getppid())
            let storage = try NodeStorage(
                folder: folder, on: TemporaryFolder.executor, flushInterval: .milliseconds(50))
            let journal = storage.journal(for: "/ipfs/kad/1.0.0")
            // Writes go on all the time; the first hundred are older than the interval when the process dies.
            for number in 0..<400 {
                let record = ProviderRecord(
                    key: Array("\(number)".utf8),
                    provider: try PeerID(bytes: [0x12, 0x20] + [UInt8](repeating: 1, count: 32)),
                    addresses: [], received: Timestamp(seconds: 1_700_000_000))
                journal.save(record)
                if number == 100 { try await TemporaryFolder.executor.sleep(for: .seconds(2)) }
            }
            kill(getpid(), SIGKILL)
        }
        let folder = TemporaryFolder.shared(by: getpid())
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let storage = try NodeStorage(folder: folder, on: TemporaryFolder.executor)
        let keys = Set(try await storage.journal(for: dht).load().providers.map(\.key))
        for number in 0...100 { #expect(keys.contains(Array("\(number)".utf8))) }
        await storage.close()
    }

    @Test func damagedColumnsNeverTrap() throws {
        let known = KnownPeer(
            entries: [.init(address: try Multiaddr("/ip4/192.0.2.1/tcp/1"), expiry: Timestamp(seconds: 5))],
            description: PeerDescription(protocols: ["/a"], agentVersion: "b", signedPeerRecord: [1, 2]))
        let bytes = StoredPeer(known).protobufBytes()
        #expect(try StoredPeer(protobuf: bytes).known == known)
        for length in bytes.indices { _ = try? StoredPeer(protobuf: Array(bytes.prefix(length))) }
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= 0xff
            _ = try? StoredPeer(protobuf: damaged)
        }
    }
}

@Suite struct PendingWritesTests {
    @Test func aRowIsWrittenOnce() throws {
        var pending = PendingWrites(limit: 4)
        for _ in 0..<10 { pending.set(.removal, for: .value(dht: "a", key: [1])) }
        #expect(pending.take().count == 1)
        #expect(pending.isEmpty)
    }

    @Test func rowsAreBounded() {
        var pending = PendingWrites(limit: 4)
        for key in UInt8(0)..<10 { pending.set(.removal, for: .value(dht: "a", key: [key])) }
        #expect(pending.isCrowded)
        #expect(pending.dropped == 6)
        #expect(pending.take().count == 4)
    }

    @Test func newerChangesWinOverFailedOnes() {
        var pending = PendingWrites(limit: 4)
        let row = PendingWrites.Row.routing(dht: "a")
        pending.set(.removal, for: row)
        let failed = pending.take()
        pending.set(.routing([]), for: row)
        pending.putBack(failed)
        guard case .routing = pending.take()[row] else {
            Issue.record("the older change won")
            return
        }
    }
}

/// A data folder that is gone after the test.
final class TemporaryFolder {
    static let executor = LoopExecutor(MultiThreadedEventLoopGroup.singleton.next())

    let path = FileManager.default.temporaryDirectory.appending(path: "waystation-\(UUID().uuidString)").path

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A folder that a process and its children can name without telling one another.
    static func shared(by process: Int32) -> String {
        FileManager.default.temporaryDirectory.appending(path: "waystation-\(process)-killed").path
    }
}
