import Foundation
import LibP2PCore
import LibP2PTesting
import Logging
import Testing

@testable import Certificates

@Suite("Certificate files are read again when they are replaced")
struct CertificateReloaderTests {
    private let folder = TemporaryFolder()
    private let loop = SimulatedLoop()

    private var files: CertificateFiles {
        CertificateFiles(chain: folder.path + "/chain.pem", key: folder.path + "/key.pem")
    }

    private func write(_ certificate: TestCertificate) throws {
        try certificate.chain.write(toFile: files.chain, atomically: true, encoding: .utf8)
        try certificate.key.write(toFile: files.key, atomically: true, encoding: .utf8)
    }

    private func makeReloader(for domains: [String] = []) throws -> CertificateReloader {
        try CertificateReloader(
            [files], for: domains, protocols: ["h2"], on: LoopExecutor(loop),
            logger: Logger(label: "test") { _ in
                SwiftLogNoOpLogHandler()
            })
    }

    @Test func aReplacedFileIsServed() throws {
        try write(TestCertificate(names: ["old.example"]))
        let reloader = try makeReloader()
        reloader.start()
        defer { reloader.stop() }
        // Other names, and so another length: a file's time may be the same within one tick of the clock.
        try write(TestCertificate(names: ["brand-new.example"]))
        #expect(reloader.store.credentials.first?.names == ["old.example"])
        loop.advance(by: CertificateReloader.interval)
        #expect(reloader.store.credentials.first?.names == ["brand-new.example"])
    }

    @Test func whatCannotBeUsedIsNotServed() throws {
        try write(TestCertificate(names: ["old.example"]))
        let reloader = try makeReloader()
        try write(TestCertificate(names: ["expired.example"], from: -7200, to: -3600))
        reloader.reload()
        #expect(reloader.store.credentials.first?.names == ["old.example"])
        try "nonsense".write(toFile: files.key, atomically: true, encoding: .utf8)
        reloader.reload()
        try FileManager.default.removeItem(atPath: files.key)
        reloader.reload()
        #expect(reloader.store.credentials.first?.names == ["old.example"])
        #expect(reloader.failures == [.expired: 1, .malformed: 1, .unreadable: 1])
    }

    @Test func badFilesAreRefusedAtTheStart() throws {
        let missing = #expect(throws: CertificateError.self) { try makeReloader() }
        #expect(missing?.code == .unreadable)
        #expect(missing?.message.contains(files.chain) == true)
        try write(TestCertificate(names: ["early.example"], from: 3600, to: 7200))
        let early = #expect(throws: CertificateError.self) { try makeReloader() }
        #expect(early?.code == .expired)
    }

    @Test("a domain that no certificate is for is told, with what the certificates are for")
    func domains() throws {
        try write(TestCertificate(names: ["one.example", "*.two.example"], ips: [[192, 0, 2, 1]]))
        _ = try makeReloader(for: ["one.example", "a.two.example"])
        let error = #expect(throws: CertificateError.self) {
            try makeReloader(for: ["one.example", "two.example", "a.b.two.example"])
        }
        #expect(error?.code == .wrongHost)
        #expect(
            error?.message.hasPrefix(
                "No certificate is for two.example, a.b.two.example: \(files.chain) is for one.example, *.two.example, 192.0.2.1."
            ) == true)
        try write(TestCertificate(names: []))
        let nameless = #expect(throws: CertificateError.self) { try makeReloader(for: ["one.example"]) }
        #expect(nameless?.message.contains("is for no host at all") == true)
    }

    @Test func certificatesOfOtherHostsAreNotServed() throws {
        try write(TestCertificate(names: ["one.example"]))
        let reloader = try makeReloader(for: ["one.example"])
        try write(TestCertificate(names: ["other.example"]))
        reloader.reload()
        #expect(reloader.store.credentials.first?.names == ["one.example"])
        #expect(reloader.failures == [.wrongHost: 1])
        try write(TestCertificate(names: ["more.example", "one.example"]))
        reloader.reload()
        #expect(reloader.store.credentials.first?.names == ["more.example", "one.example"])
    }
}
