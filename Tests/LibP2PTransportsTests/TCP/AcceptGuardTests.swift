import Glibc
import LibP2PTesting
import NIOCore
import Testing

@testable import LibP2PTransports

struct AcceptGuardTests {
    @Test(arguments: [EMFILE, ENFILE, ENOBUFS, ENOMEM])
    func acceptingPausesWhenTheMachineRunsOut(code: CInt) throws {
        try Simulation.run { simulation in
            let (listener, other) = MemoryPipe.channels(on: simulation.executor)
            try listener.pipeline.syncOperations.addHandler(AcceptGuard())
            for _ in 0..<3 {
                listener.pipeline.fireErrorCaught(IOError(errnoCode: code, reason: "accept"))
                simulation.loop.runDue()
                #expect(try listener.syncOptions?.getOption(.autoRead) == false)
                simulation.loop.advance(by: .milliseconds(200))
                #expect(try listener.syncOptions?.getOption(.autoRead) == true)
            }
            other.close(promise: nil)
            simulation.loop.runUntilIdle()
        }
    }

    @Test
    func aFailedConnectionDoesNotStopTheOthers() throws {
        try Simulation.run { simulation in
            let (listener, other) = MemoryPipe.channels(on: simulation.executor)
            try listener.pipeline.syncOperations.addHandler(AcceptGuard())
            listener.pipeline.fireErrorCaught(IOError(errnoCode: ECONNABORTED, reason: "accept"))
            listener.pipeline.fireErrorCaught(ChannelError.ioOnClosedChannel)
            simulation.loop.runDue()
            #expect(try listener.syncOptions?.getOption(.autoRead) == true)
            #expect(listener.isActive)
            other.close(promise: nil)
            simulation.loop.runUntilIdle()
        }
    }
}
