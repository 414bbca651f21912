import Multiformats

@testable import LibP2PCore
@testable import LibP2PTransports

extension FuzzTarget {
    static let names = [
        FuzzTarget("dnsaddr", check: expansion),
        FuzzTarget("dns-message") { input in
            guard let records = TextRecords(message: input) else { return false }
            let length = records.texts.reduce(0) { $0 + $1.utf8.count }
            // A byte that is no UTF-8 becomes three.
            try require(length <= 3 * input.count, "texts are not longer than their message")
            try require(records.texts.count <= input.count / 10, "a record takes ten bytes at least")
            return true
        },
        FuzzTarget("dns-name") { input in
            let text = String(decoding: input, as: UTF8.self)
            let name = try? HostName.canonical(text)
            if let name {
                try requireEqual(try HostName.canonical(name), name, "a canonical name stays as it is")
                try require(name.utf8.count <= 254 && name.allSatisfy(\.isASCII), "names fit the domain name system")
            }
            if let server = try? DNSServer(text) {
                try requireEqual(try DNSServer(server.description), server, "a server through its text")
            }
            return name != nil
        },
    ]

    /// The first line is an address; behind it stand the answers to the questions it raises, with empty lines between.
    private static func expansion(_ input: [UInt8]) throws -> Bool {
        let lines = String(decoding: input, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.first, let address = try? Multiaddr(first) else { return false }
        var answers = lines.dropFirst().split(separator: "", omittingEmptySubsequences: false).map {
            $0.map(String.init)
        }
        var expansion = AddressExpansion(address)
        var asked = 0
        while let question = expansion.question {
            asked += 1
            try require(asked <= AddressExpansion.maxQuestions, "the questions of one address are bounded")
            let answer = answers.isEmpty ? nil : answers.removeFirst()
            switch question {
            case .addresses: expansion.answer(answer.map { .addresses($0.compactMap { IPAddress($0) }) })
            case .texts: expansion.answer(answer.map { .texts($0) })
            }
        }
        try require(expansion.results.count <= AddressExpansion.maxResults, "the results of one address are bounded")
        try requireEqual(Set(expansion.results).count, expansion.results.count, "no result comes twice")
        try require(expansion.results.allSatisfy { AddressExpansion($0).question == nil }, "results name no hosts")
        return !expansion.results.isEmpty
    }
}
