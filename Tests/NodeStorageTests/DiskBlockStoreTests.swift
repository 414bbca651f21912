import Foundation
import LibP2PBitswap
import LibP2PCore
import LibP2PTesting
import Multiformats
import Synchronization
import Testing

@testable import NodeStorage

@Suite struct DiskBlockStoreTests {
    /// A clock that a test sets.
    private final class Hands: Sendable {
        private let time = Mutex(Timestamp(seconds: 1_700_000_000))
        var clock: WallClock { WallClock { self.time.withLock { $0 } } }
        func move(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
    }

    private let folder = TemporaryFolder()
    private let hands = Hands()
    private var path: String { folder.path + "/blocks" }

    private func open(bytes: Int = 1 << 20, age: Duration = .seconds(3600)) throws -> DiskBlockStore {
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        return try DiskBlockStore(
            folder: path, limits: .init(bytes: bytes, age: age), clock: hands.clock, on: TemporaryFolder.executor)
    }

    private func block(_ number: Int, size: Int = 1000) throws -> Block {
        var random = SeededGenerator(seed: UInt64(number))
        return try Block(random.bytes(size))
    }

    private var files: [String] {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
        return names.filter { $0.utf8.count > 2 }.sorted()
    }

    @Test func keepsBlocksOverARestart() async throws {
        let blocks = try (0..<20).map { try block($0, size: 1 + $0 * 1000) }
        let first = try open()
        for block in blocks { try await first.keep(block) }
        first.setProvided(blocks[3].cid, true)
        #expect(await first.block(blocks[7].cid) == blocks[7])
        #expect(first.size.blocks == 20)
        await first.close()

        let second = try open()
        #expect(second.size == first.size)
        #expect(second.provided == [blocks[3].cid.multihash])
        for block in blocks {
            #expect(await second.size(of: block.cid) == block.data.count)
            #expect(await second.block(block.cid) == block)
        }
        #expect(await second.block(try block(99).cid) == nil)
        // Under the name of version 0, or any other of the same hash.
        let other = CID(codec: .dagPB, multihash: blocks[1].cid.multihash)
        #expect(await second.block(other)?.data == blocks[1].data)
        await second.close()
    }

    /// A client that publishes again wants it for as long again.
    @Test func ageBeginsAnewWhenABlockIsProvidedAgain() async throws {
        let blocks = [try block(1), try block(2)]
        let first = try open()
        for block in blocks { try await first.keep(block) }
        first.setProvided(blocks[0].cid, true)
        hands.move(.seconds(3000))
        first.setProvided(blocks[0].cid, true)
        hands.move(.seconds(3000))
        first.removeExpired()
        #expect(await first.size(of: blocks[0].cid) != nil)
        #expect(await first.size(of: blocks[1].cid) == nil)
        await first.close()
        // And the folder knows it.
        let second = try open()
        #expect(second.provided == [blocks[0].cid.multihash])
        hands.move(.seconds(601))
        second.removeExpired()
        #expect(second.provided.isEmpty)
        await second.close()
    }

    @Test func whatWasKeptIsThereWithoutBeingClosed() async throws {
        let wanted = try block(1)
        let first = try open()
        try await first.keep(wanted)
        // The process dies here: nothing is closed, and a write was under way.
        _ = FileManager.default.createFile(atPath: path + "/.unfinished-7", contents: Data([1, 2, 3]))
        let second = try open()
        #expect(await second.block(wanted.cid) == wanted)
        #expect(files.count == 1)
        await second.close()
        await first.close()
    }

    @Test func theLeastRecentlyUsedGoFirst() async throws {
        let blocks = try (0..<4).map { try block($0) }
        let store = try open(bytes: 3000)
        let removed = Mutex<[Multihash]>([])
        store.onRemoval { hashes in removed.withLock { $0 += hashes } }
        for block in blocks[..<3] {
            try await store.keep(block)
            store.setProvided(block.cid, true)
            hands.move(.seconds(90))
        }
        #expect(await store.block(blocks[0].cid) == blocks[0])
        hands.move(.seconds(90))
        try await store.keep(blocks[3])
        #expect(await store.size(of: blocks[1].cid) == nil)
        #expect(removed.withLock { $0 } == [blocks[1].cid.multihash])
        #expect(store.size == .init(blocks: 3, bytes: 3000))
        await store.close()
        #expect(files.count == 3)

        // The order survives too: the third was used before the first, which was read.
        let again = try open(bytes: 3000)
        try await again.keep(try block(9))
        #expect(await again.size(of: blocks[2].cid) == nil)
        #expect(await again.size(of: blocks[0].cid) == 1000)
        await again.close()
    }

    @Test func oldBlocksGo() async throws {
        let (old, renewed) = (try block(1), try block(2))
        let store = try open(age: .seconds(100))
        try await store.keep(old)
        try await store.keep(renewed)
        hands.move(.seconds(60))
        try await store.keep(renewed)
        hands.move(.seconds(50))
        // Being read does not make it younger.
        #expect(await store.block(old.cid) == old)
        store.removeExpired()
        #expect(await store.size(of: old.cid) == nil)
        #expect(await store.block(renewed.cid) == renewed)
        await store.close()
        #expect(files.count == 1)

        hands.move(.seconds(60))
        let later = try open(age: .seconds(100))
        #expect(later.size.blocks == 0)
        await later.close()
        #expect(files.isEmpty)
    }

    @Test func aDamagedFileIsAMissingBlock() async throws {
        let (cut, changed) = (try block(1), try block(2))
        let first = try open()
        try await first.keep(cut)
        try await first.keep(changed)
        await first.close()
        #expect(files.count == 2)
        for (index, file) in files.enumerated() {
            let url = URL(filePath: path + "/" + file)
            var data = try Data(contentsOf: url)
            if index == 0 { data.removeLast(500) } else { data[7] ^= 1 }
            try data.write(to: url)
        }
        try FileManager.default.createDirectory(atPath: path + "/zz", withIntermediateDirectories: true)
        _ = FileManager.default.createFile(atPath: path + "/zz/not-a-block", contents: Data([1]))

        let second = try open()
        #expect(await second.block(cut.cid) == nil)
        #expect(await second.block(changed.cid) == nil)
        #expect(second.size == .init(blocks: 0, bytes: 0))
        // And it can be kept anew.
        try await second.keep(cut)
        #expect(await second.block(cut.cid) == cut)
        await second.close()
        #expect(files.contains("zz/not-a-block") && files.count == 2)
    }

    @Test func refusesAFolderThatCannotBeWritten() throws {
        #expect(throws: StorageError.self) {
            try DiskBlockStore(folder: "/proc/waystation/blocks", on: TemporaryFolder.executor)
        }
    }

    @Test func aBlockLargerThanTheStoreDoesNotStay() async throws {
        let store = try open(bytes: 500)
        try await store.keep(try block(1))
        #expect(store.size == .init(blocks: 0, bytes: 0))
        await store.close()
        #expect(files.isEmpty)
    }
}
