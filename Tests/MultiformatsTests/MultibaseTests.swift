import LibP2PTesting
import Multiformats
import Testing

@Suite struct MultibaseTests {
    @Test func vectorsDecode() throws {
        for (name, vector) in try MultiformatsVectors.load().multibase {
            let raw = try hex(vector.rawHex)
            for row in vector.rows {
                let (base, decoded) = try Multibase.decode(row.text)
                #expect("\(base)" == row.encoding)
                #expect(decoded == raw, "\(name): \(row.text)")
                // The rows of this set are of mixed case on purpose.
                if name != "case_insensitivity", name != "caseInsensitivity" {
                    #expect(base.encode(raw) == row.text)
                }
            }
        }
    }

    @Test(arguments: Multibase.allCases)
    func everyLengthRoundTrips(base: Multibase) throws {
        var random = SeededGenerator(seed: 2)
        for length in 0..<80 {
            let zeros = [UInt8](repeating: 0, count: length % 5)
            let data = zeros + (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            let (decodedBase, decoded) = try Multibase.decode(base.encode(data))
            #expect(decodedBase == base)
            #expect(decoded == data)
        }
    }

    @Test(arguments: Multibase.allCases)
    func mutatedTextsAreReadOrRefused(base: Multibase) throws {
        var random = SeededGenerator(seed: 3)
        let text = base.encode([0, 0, 1, 2, 3, 250, 251, 252])
        for mutation in random.mutations(of: Array(text.utf8), count: 300) {
            let mutated = String(decoding: mutation, as: UTF8.self)
            guard let (base, decoded) = try? Multibase.decode(mutated) else { continue }
            // A value has one text, apart from case.
            #expect(base.encode(decoded).lowercased() == mutated.lowercased())
        }
    }

    @Test(arguments: [
        "", "x00", "0", "zO", "z0", "zl", "fabc", "b1", "ba", "bab", "MeWVzIG1hbmkgIQ",
        "meWVzIG1hbmkgIQ==", "k-", "é",
    ])
    func invalidTextsAreRefused(text: String) {
        #expect(throws: MultiformatsError(.multibase, "")) { try Multibase.decode(text) }
    }

    @Test(arguments: [Multibase.base36, .base58btc])
    func longTextsOfQuadraticCostAreRefused(base: Multibase) {
        let body = String(repeating: "2", count: Multibase.maxPositionalLength)
        #expect(throws: Never.self) { try base.decodeBody(body) }
        #expect(throws: MultiformatsError(.tooLong, "")) { try base.decodeBody(body + "2") }
    }
}
