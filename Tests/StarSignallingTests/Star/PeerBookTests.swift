import LibP2PTesting
import NIOCore
import Testing

@testable import StarSignalling

@Suite("The book lists peers in their order")
struct PeerBookTests {
    static func packet(_ number: Int) -> PacketBatch {
        var batch = PacketBatch()
        batch.append(packet: "4-\(number)")
        return batch
    }

    @Test("pages go round, and hold nobody who left")
    func pages() {
        var book = PeerBook()
        let serials = (0..<10).map { book.append(Self.packet($0)) }
        book.remove(serials[3])
        book.remove(serials[3])
        book.remove(99)
        book.remove(0)
        #expect(book.count == 9)
        #expect(book.page(after: 0, limit: 4).serials == [1, 2, 3, 5])
        #expect(book.page(after: 9, limit: 4).serials == [10, 1, 2, 3])
        #expect(book.page(after: 10, limit: 100).serials == [1, 2, 3, 5, 6, 7, 8, 9, 10])
        #expect(book.newest(3, without: 9).serials == [10, 8, 7])
        #expect(book.newest(3, without: 9).packets.text(1).map { String(buffer: $0) } == "4-7")
    }

    /// The same as a plain list, through thousands of joins and leaves.
    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func model(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var book = PeerBook()
        var model: [(serial: UInt64, number: Int)] = []
        for number in 0..<3000 {
            if model.isEmpty || Bool.random(using: &random) {
                model.append((book.append(Self.packet(number)), number))
            } else {
                book.remove(model.remove(at: Int.random(in: model.indices, using: &random)).serial)
            }
            #expect(book.count == model.count)
            #expect(book.length <= 2 * book.count + 66)
            guard number % 100 == 0 else { continue }
            let page = book.page(after: 0, limit: .max)
            #expect(page.serials == model.map(\.serial))
            let texts = (0..<page.packets.count).map { page.packets.text($0).map { String(buffer: $0) } }
            #expect(texts == model.map { "4-\($0.number)" })
            #expect(book.newest(5, without: 0).serials == model.suffix(5).reversed().map(\.serial))
        }
    }
}
