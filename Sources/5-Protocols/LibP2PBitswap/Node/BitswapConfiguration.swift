/// The bounds of bitswap. Each default says where it comes from.
public struct BitswapConfiguration: Sendable, Hashable {
    /// How long a block is waited for unless the caller says otherwise: the deadline of a delegate's request.
    public var fetchTime: Duration = .seconds(30)
    /// How long a peer may take with a block before another is asked beside it. go's first guess for a peer that it does
    /// not know is 5 s too.
    public var patience: Duration = .seconds(5)
    /// How long the peers at hand have an answer to themselves before providers are searched, as in go.
    public var searchDelay: Duration = .seconds(1)
    /// How long it is waited for peers to connect when nobody else has the block: a delegate's client may be on its way.
    public var arrivalTime: Duration = .seconds(10)
    /// Blocks that are waited for at a time.
    public var maxFetches = 1024
    /// Peers that are asked for one block.
    public var maxPeersPerFetch = 256

    /// Peers with which something is under way at a time.
    public var maxPartners = 4096
    /// Wants of one peer that wait to be answered, as in go.
    public var maxWantsPerPeer = 1024
    /// Wants of one peer that are remembered until their block comes.
    public var maxParkedWantsPerPeer = 256
    /// Answers with blocks that are being sent at a time. Each holds ``maxAnswerBytes``, or one block.
    public var maxAnswersAtATime = 64
    /// Bytes of blocks after which an answer is sent: js takes no message above 2 MiB.
    public var maxAnswerBytes = 512 * 1024
    /// A want-have of a block of at most so many bytes is answered with the block, as in go.
    public var inlineBytes = 1024
    /// How long one message may take to be sent.
    public var sendTime: Duration = .seconds(30)
    /// How long the stream to a peer is kept without anything to say.
    public var idleTime: Duration = .seconds(10)
    /// Whether others are served blocks. A node that doesn't still fetches.
    public var isServing = true

    /// The defaults.
    public init() {}
}
