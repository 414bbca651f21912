import Telemetry
import Testing

@Suite("Health goes one way")
struct HealthStateTests {
    @Test("from starting by ready to draining, never back")
    func order() {
        let health = HealthState()
        #expect(health.stage == .starting)
        #expect(!health.isReady)
        health.advance(to: .ready)
        #expect(health.isReady)
        health.advance(to: .draining)
        health.advance(to: .ready)
        #expect(health.stage == .draining)
        #expect(!health.isReady)
    }

    @Test("a node told to stop while it starts never becomes ready")
    func stoppedEarly() {
        let health = HealthState()
        health.advance(to: .draining)
        health.advance(to: .ready)
        #expect(health.stage == .draining)
    }

    @Test("the process is seen")
    func process() throws {
        let lines = Telemetry().metrics.exposition().split(separator: "\n")
        let memory = try #require(lines.first { $0.hasPrefix("process_resident_memory_bytes ") })
        #expect((Int(memory.split(separator: " ")[1]) ?? 0) > 1_000_000)
        let files = try #require(lines.first { $0.hasPrefix("process_open_fds ") })
        #expect((Int(files.split(separator: " ")[1]) ?? 0) >= 3)
    }
}
