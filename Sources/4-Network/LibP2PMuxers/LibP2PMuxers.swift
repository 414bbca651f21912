public import LibP2PCore

/// The muxers for byte channels: many streams over one secured channel.
///
/// Each muxer is a value that knows the rules (`YamuxSession`, `MplexSession`: bytes and commands in, events and frames
/// out), and both stand behind the same short shell, `MuxerShell`, which joins a rule book to a NIO pipeline below and
/// to Core's streams above. Rules never touch a channel, a clock or a task; the shell never looks into a frame.
public enum LibP2PMuxers {
    /// All muxers with their default limits, the preferred one first.
    ///
    /// mplex is deprecated, as it has no flow control, but most browsers of 2020 speak nothing else.
    public static let standard: [any MuxerProtocol] = [Yamux(), Mplex()]
}
