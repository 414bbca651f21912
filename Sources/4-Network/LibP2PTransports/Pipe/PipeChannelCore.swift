import LibP2PCore
import NIOCore
import Synchronization

/// The inside of a ``PipeChannel``, confined to its loop except for the two atomics.
final class PipeChannelCore {
    let isActive = Atomic(false)
    let isWritable = Atomic(true)
    var pipeline: ChannelPipeline?

    private let loop: any EventLoop
    private let pipe: any BytePipe
    private let closePromise: EventLoopPromise<Void>
    private var isOpen = true
    private var autoRead = true
    private var allowRemoteHalfClosure = false
    private var marks = ChannelOptions.Types.WriteBufferWaterMark(low: 32 * 1024, high: 64 * 1024)
    private var isReadPending = false
    private var isReading = false
    private var sawInputEnd = false
    private var endsOutput: (isWanted: Bool, promise: EventLoopPromise<Void>?) = (false, nil)
    private var writer = PipeWriter()

    init(_ pipe: any BytePipe, on loop: any EventLoop, closePromise: EventLoopPromise<Void>) {
        self.pipe = pipe
        self.loop = loop
        self.closePromise = closePromise
    }

    func activate() {
        guard isOpen, !isActive.load(ordering: .relaxed), let pipeline else { return }
        pipeline.syncOperations.fireChannelRegistered()
        isActive.store(true, ordering: .relaxed)
        pipeline.syncOperations.fireChannelActive()
        if autoRead { pipeline.syncOperations.read() }
    }

    // MARK: Reading

    private func read() {
        guard !isReading else { return }
        isReading = true
        defer { isReading = false }
        while isOpen, isActive.load(ordering: .relaxed), isReadPending, let pipeline {
            guard let bytes = pipe.takeInput() else { return noteInputEnd() }
            isReadPending = false
            pipeline.syncOperations.fireChannelRead(NIOAny(bytes))
            pipeline.syncOperations.fireChannelReadComplete()
            if isOpen, autoRead { pipeline.syncOperations.read() }
        }
    }

    /// Looks whether the inbound direction has ended, once all of it has been read.
    private func noteInputEnd() {
        switch pipe.input {
        case .open: break
        case .failed(let error): close(error, nil)
        case .finished:
            guard allowRemoteHalfClosure else { return close(ChannelError.eof, nil) }
            guard !sawInputEnd else { return }
            sawInputEnd = true
            pipeline?.syncOperations.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            closeIfBothEnded()
        }
    }

    // MARK: Writing

    private func send() {
        while let bytes = writer.next {
            do {
                guard try pipe.offer(bytes) else { break }
            } catch {
                return close(error, nil)
            }
            writer.removeNext()?.succeed(())
        }
        if writer.pendingBytes < marks.low { setWritable(true) }
        if endsOutput.isWanted, writer.isDrained { finishOutput() }
    }

    private func setWritable(_ value: Bool) {
        guard isOpen, isWritable.load(ordering: .relaxed) != value else { return }
        isWritable.store(value, ordering: .relaxed)
        pipeline?.syncOperations.fireChannelWritabilityChanged()
    }

    private func finishOutput() {
        guard let promise = endsOutput.promise else { return }
        endsOutput.promise = nil
        pipe.finishOutput()
        promise.succeed(())
        pipeline?.syncOperations.fireUserInboundEventTriggered(ChannelEvent.outputClosed)
        closeIfBothEnded()
    }

    private func closeIfBothEnded() {
        if sawInputEnd, endsOutput.isWanted, writer.isDrained { close(ChannelError.eof, nil) }
    }

    // MARK: Closing

    private func close(_ error: any Error, _ promise: EventLoopPromise<Void>?) {
        guard isOpen else {
            promise?.fail(ChannelError.alreadyClosed)
            return
        }
        isOpen = false
        pipe.close()
        for write in writer.removeAll() { write.fail(error) }
        endsOutput.promise?.fail(error)
        endsOutput.promise = nil
        promise?.succeed(())
        let pipeline = pipeline
        if isActive.exchange(false, ordering: .relaxed) {
            pipeline?.syncOperations.fireChannelInactive()
            pipeline?.syncOperations.fireChannelUnregistered()
        }
        // Later, as with sockets: who closes may be in the middle of a callback of a handler.
        let bound = NIOLoopBound(self, eventLoop: loop)
        loop.execute {
            let core = bound.value
            if let pipeline = core.pipeline { core.removeHandlers(pipeline: pipeline) }
            core.pipeline = nil
            core.closePromise.succeed(())
        }
    }
}

extension PipeChannelCore: BytePipeUser {
    func pipeInputChanged() {
        if case .failed(let error) = pipe.input { return close(error, nil) }
        read()
    }

    func pipeOutputChanged() { send() }
}

extension PipeChannelCore: ChannelCore {
    func localAddress0() throws -> SocketAddress { throw ChannelError.unknownLocalAddress }
    func remoteAddress0() throws -> SocketAddress { throw ChannelError.operationUnsupported }
    func register0(promise: EventLoopPromise<Void>?) { promise?.fail(ChannelError.operationUnsupported) }
    func registerAlreadyConfigured0(promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.operationUnsupported)
    }
    func bind0(to: SocketAddress, promise: EventLoopPromise<Void>?) { promise?.fail(ChannelError.operationUnsupported) }
    func connect0(to: SocketAddress, promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.operationUnsupported)
    }

    func write0(_ data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard isOpen, isActive.load(ordering: .relaxed) else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        guard !endsOutput.isWanted else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        guard let bytes = tryUnwrapData(data, as: ByteBuffer.self) else {
            promise?.fail(ChannelError.operationUnsupported)
            return
        }
        writer.append(bytes, promise)
        if writer.pendingBytes > marks.high { setWritable(false) }
    }

    func flush0() {
        writer.flush()
        send()
    }

    func read0() {
        guard isOpen else { return }
        isReadPending = true
        read()
    }

    func close0(error: any Error, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch mode {
        case .all: close(error, promise)
        case .input: promise?.fail(ChannelError.operationUnsupported)
        case .output:
            guard isOpen, !endsOutput.isWanted else {
                promise?.fail(ChannelError.alreadyClosed)
                return
            }
            endsOutput = (true, promise ?? loop.makePromise())
            flush0()
        }
    }

    func triggerUserOutboundEvent0(_ event: Any, promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.operationUnsupported)
    }

    func channelRead0(_ data: NIOAny) {}
    func errorCaught0(error: any Error) {}
}

extension PipeChannelCore: NIOSynchronousChannelOptions {
    func setOption<Option: ChannelOption>(_ option: Option, value: Option.Value) throws {
        switch (option, value) {
        case (_ as ChannelOptions.Types.AutoReadOption, let value as Bool):
            autoRead = value
            if value, isActive.load(ordering: .relaxed) {
                pipeline?.syncOperations.read()
            } else {
                isReadPending = false
            }
        case (_ as ChannelOptions.Types.AllowRemoteHalfClosureOption, let value as Bool):
            allowRemoteHalfClosure = value
        case (
            _ as ChannelOptions.Types.WriteBufferWaterMarkOption, let value as ChannelOptions.Types.WriteBufferWaterMark
        ):
            marks = value
        default:
            throw ChannelError.operationUnsupported
        }
    }

    func getOption<Option: ChannelOption>(_ option: Option) throws -> Option.Value {
        let value: Any? =
            switch option {
            case _ as ChannelOptions.Types.AutoReadOption: autoRead
            case _ as ChannelOptions.Types.AllowRemoteHalfClosureOption: allowRemoteHalfClosure
            case _ as ChannelOptions.Types.WriteBufferWaterMarkOption: marks
            default: nil
            }
        guard let value = value as? Option.Value else { throw ChannelError.operationUnsupported }
        return value
    }
}
