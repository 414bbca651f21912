import Testing

/// Feeds every parser what strangers could send. See `Fuzz/README.md`.
@Suite(.serialized) struct FuzzTests {
    /// Every file of the corpus, as it is.
    @Test(arguments: FuzzTarget.all) func corpus(_ target: FuzzTarget) throws {
        var run = try FuzzRun(target)
        try #require(!run.corpus.isEmpty, "Fuzz/Corpus/\(target.name) holds no inputs")
        for input in run.corpus { run.feed(input) }
        #expect(run.readCount > 0 && run.readCount < run.corpus.count, "the corpus shows both sides of the parser")
        run.finish()
    }

    /// The corpus with mistakes, lies and splices in it.
    @Test(arguments: FuzzTarget.all) func mutations(_ target: FuzzTarget) throws {
        var run = try FuzzRun(target)
        var mutator = InputMutator(corpus: run.corpus, seed: FuzzSettings.seed, name: target.name)
        for _ in 0..<max(1, FuzzSettings.rounds / target.cost) {
            run.feed(mutator.next())
            if run.isGivenUp { break }
        }
        run.finish()
    }

    /// A target that accepts everything would find nothing: what breaks its rules must be reported.
    @Test func brokenRulesAreReported() throws {
        let target = FuzzTarget("varint") { _ in throw BrokenRule("never kept") }
        var run = try FuzzRun(target)
        withKnownIssue { run.feed([1, 2, 3]) }
        #expect(run.findings.count == 1)
        try run.discardFindings()
        run.finish()
    }
}
