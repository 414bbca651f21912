import Foundation
import LibP2PCore
import LibP2PTesting
import NIOPosix
import Testing

@testable import Certificates

@Suite("A program writes the records of DNS-01")
struct HookSolverTests {
    private let folder = TemporaryFolder()
    private let executor = LoopExecutor(MultiThreadedEventLoopGroup.singleton.next())

    private func solver(_ script: String) throws -> HookSolver {
        let path = folder.path + "/hook"
        try "#!/bin/sh\n\(script)\n".write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return HookSolver(program: path, on: executor)
    }

    private let challenge = Challenge(
        kind: .dns01, domain: "one.example", token: "nE2YGvFXzAy6UsFjYxqYOyA6rxZ7VJeQppsQ72HhyPM",
        keyAuthorization: "nE2YGvFXzAy6UsFjYxqYOyA6rxZ7VJeQppsQ72HhyPM.thumbprint")

    @Test func itIsToldTheRecordAndWhenItIsNotNeededAnyMore() async throws {
        let solver = try solver("echo \"$@\" >> \"$0.log\"")
        try await solver.present(challenge)
        await solver.withdraw(challenge)
        let calls = try String(contentsOfFile: folder.path + "/hook.log", encoding: .utf8)
        let record = "_acme-challenge.one.example \(challenge.recordText)"
        #expect(calls == "present \(record)\nclean \(record)\n")
        #expect(challenge.recordText.count == 43)
    }

    @Test func itsComplaintIsTold() async throws {
        let solver = try solver("echo 'no such zone' >&2; exit 3")
        let error = await #expect(throws: CertificateError.self) { try await solver.present(challenge) }
        #expect(error?.code == .programFailed)
        #expect(error?.message.contains("no such zone") == true)
        #expect(error?.message.contains("present _acme-challenge.one.example") == true)
    }

    @Test func aProgramThatIsNotThere() async throws {
        let solver = HookSolver(program: folder.path + "/nothing", on: executor)
        let error = await #expect(throws: CertificateError.self) { try await solver.present(challenge) }
        #expect(error?.code == .programFailed)
        #expect(error?.message.contains("/nothing") == true)
    }

    /// The wait ends with the task, and the program with it.
    @Test func aProgramThatDoesNotEndIsEnded() async throws {
        let solver = try solver("echo $$ > \"$0.pid\"; exec sleep 1000")
        let path = folder.path + "/hook.pid"
        let (solving, challenge) = (executor.spawnResult { [challenge] in try await solver.present(challenge) }, path)
        while (FileManager.default.contents(atPath: challenge)?.count ?? 0) < 2 { await Task.yield() }
        solving.cancel()
        let result = await solving.result
        #expect(throws: CertificateError(.programFailed, "")) { try result.get() }
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let pid = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(kill(pid, 0) == -1)
    }
}
