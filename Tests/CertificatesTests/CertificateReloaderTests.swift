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

    private func makeReloader() throws -> CertificateReloader {
        try CertificateReloader(
            [files], protocols: ["h2"], on: LoopExecutor(loop),
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
        #expect(reloader.failureCount == 3)
    }

    @Test func badFilesAreRefusedAtTheStart() throws {
        let missing = #expect(throws: CertificateError.self) { try makeReloader() }
        #expect(missing?.code == .unreadable)
        #expect(missing?.message.contains(files.chain) == true)
        try write(TestCertificate(names: ["early.example"], from: 3600, to: 7200))
        let early = #expect(throws: CertificateError.self) { try makeReloader() }
        #expect(early?.code == .expired)
    }
}
