public import LibP2PCore
import Subprocess
import SystemPackage

/// Proves names by DNS-01 through a program of the operator, which writes the record.
///
/// It is called as `PROGRAM present _acme-challenge.example.org VALUE`, and must end with status 0 when name servers show the
/// record, and as `PROGRAM clean _acme-challenge.example.org VALUE` when it is not needed any more.
public struct HookSolver: ChallengeSolver {
    private let program: String
    private let executor: LoopExecutor

    /// How long the program may take: name servers of some providers need minutes.
    static let limit = Duration.seconds(300)
    /// What is kept of what it complains of, in bytes; more is a failure.
    private static let maxComplaint = 64 * 1024

    /// A solver by a program.
    ///
    /// - Parameters:
    ///   - program: its path.
    ///   - executor: by whose clock it is waited for.
    public init(program: String, on executor: LoopExecutor) {
        self.program = program
        self.executor = executor
    }

    /// See ``ChallengeSolver``.
    public var kind: ChallengeKind { .dns01 }

    /// See ``ChallengeSolver``.
    public func present(_ challenge: Challenge) async throws { try await call("present", challenge) }

    /// See ``ChallengeSolver``. What remains when the program fails does no harm.
    public func withdraw(_ challenge: Challenge) async { try? await call("clean", challenge) }

    private func call(_ verb: String, _ challenge: Challenge) async throws(CertificateError) {
        let (program, arguments) = (program, [verb, challenge.recordName, challenge.recordText])
        let ending: (status: TerminationStatus, complaint: String?)
        do {
            ending = try await withDeadline(Self.limit, on: executor) {
                let result = try await run(
                    .path(FilePath(program)), arguments: Arguments(arguments), output: .discarded,
                    error: .string(limit: Self.maxComplaint))
                return (result.terminationStatus, result.standardError)
            }
        } catch {
            throw CertificateError(
                .programFailed,
                "\(program) cannot be run for \(challenge.recordName): is it a program that ends in time?",
                cause: error)
        }
        guard ending.status.isSuccess else {
            let words = ending.complaint.map { ": " + BrokerAnswer.printable($0.utf8) } ?? ""
            throw CertificateError(
                .programFailed,
                "\(program) \(verb) \(challenge.recordName) ended with \(ending.status)\(words)")
        }
    }
}
