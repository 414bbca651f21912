import LibP2PTesting
import Multiformats
import Testing

@Suite struct IPAddressTests {
    @Test(arguments: [
        "0.0.0.0", "255.255.255.255", "1.2.3.4", "::", "::1", "1::", "2001:db8::1", "1:2:3:4:5:6:7:8", "1:0:0:2::3",
        "::ffff:1.2.3.4", "2001:0:1:0:1:0:1:0", "fe80::1:2", "0:1::", "1::8",
    ])
    func canonicalTextsRoundTrip(text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == text)
        #expect(IPAddress(bytes: address.bytes) == address)
    }

    @Test(arguments: [
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::1.2.3.4", "::102:304"),
        ("0:0:0:0:0:0:0:0", "::"), ("1:0:0:0:2:0:0:0", "1::2:0:0:0"), ("0001::", "1::"),
    ])
    func otherTextsAreRead(text: String, canonical: String) {
        #expect(IPAddress(text)?.description == canonical)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.1.1.1", "1.2.3.a", "1..2.3", " 1.2.3.4", ":", ":::",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9", "1::2::3", "::12345", "::g", ":1::", "1:", "1:2:3:4:5:6:7:", "::+1",
        "1:2:3:4:5:6:7:1.2.3.4",
        "1.2.3.4::", "fe80::1%eth0", "1:2:3:4::5:6:7:8:9", "1:2:3:4:5:6:7:8::",
    ])
    func invalidTextsAreRefused(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func otherLengthsAreNoAddress() {
        for length in [0, 3, 5, 15, 17] {
            #expect(IPAddress(bytes: [UInt8](repeating: 0, count: length)) == nil)
        }
    }

    @Test func randomAddressesRoundTrip() throws {
        var random = SeededGenerator(seed: 8)
        for _ in 0..<500 {
            // Half of the groups are zero, so that runs of zeros of every length come up.
            let bytes = (0..<8).flatMap { _ -> [UInt8] in
                Bool.random(using: &random) ? [0, 0] : [UInt8.random(in: 0...255, using: &random), 1]
            }
            let address = try #require(IPAddress(bytes: bytes))
            #expect(address.bytes == bytes)
            #expect(IPAddress(address.description) == address)
        }
    }

    @Test func prefixesContainTheirAddresses() throws {
        let prefix = try #require(IPPrefix("10.1.2.3/8"))
        #expect(prefix.description == "10.0.0.0/8")
        #expect(prefix.contains(try #require(IPAddress("10.255.0.1"))))
        #expect(!prefix.contains(try #require(IPAddress("11.0.0.1"))))
        #expect(!prefix.contains(try #require(IPAddress("a00::1"))))
        #expect(IPPrefix("0.0.0.0/0")?.contains(.v4(.max)) == true)
        #expect(IPPrefix("::/0")?.contains(.v6(high: .max, low: .max)) == true)
        #expect(IPPrefix("::/0")?.contains(.v4(0)) == false)
        #expect(IPPrefix("2001:db8::/32")?.contains(try #require(IPAddress("2001:db8:ffff::"))) == true)
        #expect(IPPrefix("2001:db8:1:2:3::/80")?.contains(try #require(IPAddress("2001:db8:1:2:3:4:5:6"))) == true)
        #expect(IPPrefix("2001:db8:1:2:3::/80")?.contains(try #require(IPAddress("2001:db8:1:2:4::"))) == false)
        #expect(IPPrefix("1:2:3:4:5:6:7:8/64")?.description == "1:2:3:4::/64")
        #expect(IPPrefix("1.2.3.4")?.length == 32)
        #expect(IPPrefix(.v4(.max), length: 99).length == 32)
        for text in ["", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/8/8", "::/129", "/8"] { #expect(IPPrefix(text) == nil) }
    }

    @Test func linkLocalAndUnmapped() throws {
        #expect(try #require(IPAddress("169.254.9.9")).isLinkLocal)
        #expect(try #require(IPAddress("febf::1")).isLinkLocal)
        #expect(try !#require(IPAddress("fec0::1")).isLinkLocal)
        #expect(IPAddress("::ffff:1.2.3.4")?.unmapped == IPAddress("1.2.3.4"))
    }
}
