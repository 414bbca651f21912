import Testing

@testable import WaystationNode

@Suite("Open files are divided among those who want them")
struct OpenFileSharesTests {
    @Test(arguments: [
        (available: 30_000, wishes: [4096, 2048, 16_384], shares: [4096, 2048, 16_384]),
        (available: 19_872, wishes: [4096, 2048, 16_384], shares: [4096, 2048, 13_728]),
        (available: 900, wishes: [4096, 2048, 16_384], shares: [300, 300, 300]),
        (available: 900, wishes: [.max, 100, .max], shares: [400, 100, 400]),
        (available: 1, wishes: [4096, 2048, 16_384], shares: [1, 1, 1]),
        (available: 100, wishes: [], shares: []),
    ])
    func whoWishesLeastGetsIt(available: Int, wishes: [Int], shares: [Int]) {
        #expect(OpenFileShares.divide(available, wishes: wishes) == shares)
    }
}
