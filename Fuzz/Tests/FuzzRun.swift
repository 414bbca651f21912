import Foundation
import Testing

/// One target's inputs on their way, with a trace for the case that one of them ends the process.
///
/// The input under way stands in a file of its own in the temporary folder, written before the parser sees it. A process
/// that is killed by a trap leaves it behind; a run that ends removes it.
struct FuzzRun {
    let target: FuzzTarget
    /// The files of the target's folder, in the order of their names.
    let corpus: [[UInt8]]
    /// Inputs that broke a rule, as kept in the temporary folder.
    private(set) var findings: [URL] = []
    /// How many inputs were read and not refused.
    private(set) var readCount = 0

    private let trace: InputTrace

    init(_ target: FuzzTarget) throws {
        self.target = target
        corpus = try Self.corpus(of: target)
        trace = try InputTrace(name: target.name)
    }

    /// Whether so much is wrong that more of it says nothing new.
    var isGivenUp: Bool { findings.count >= 3 }

    /// Gives the parser an input, and reports what is wrong.
    mutating func feed(_ input: [UInt8]) {
        trace.write(input)
        let start = Self.processorTime()
        do {
            if try target.check(input) { readCount += 1 }
            let time = Self.processorTime() - start
            try require(
                time <= FuzzSettings.timeLimit, "\(input.count) bytes took \(time) s of \(FuzzSettings.timeLimit)")
        } catch {
            report(error, input)
        }
    }

    /// Ends the run: the process has survived.
    func finish() { trace.remove() }

    /// Removes what was kept of the findings.
    func discardFindings() throws {
        for finding in findings { try FileManager.default.removeItem(at: finding) }
    }

    private mutating func report(_ error: any Error, _ input: [UInt8]) {
        let file = InputTrace.folder.appending(path: "\(target.name)-\(InputTrace.hash(of: input)).finding")
        findings.append(file)
        do { try Data(input).write(to: file) } catch { Issue.record(error) }
        Issue.record("\(error)\nThe input is kept in \(file.path); Fuzz/README.md says what to do with it.")
    }

    private static func corpus(of target: FuzzTarget) throws -> [[UInt8]] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Corpus/\(target.name)")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return try files.sorted { $0.lastPathComponent < $1.lastPathComponent }.map {
            [UInt8](try Data(contentsOf: $0))
        }
    }

    /// Seconds this thread has computed, which other programs on the machine don't change.
    private static func processorTime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
