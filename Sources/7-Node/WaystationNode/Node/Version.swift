/// What the node calls itself.
public enum Version {
    /// The version of this program.
    public static let number = "0.1.0"
    /// The agent version that identify tells.
    public static let agent = "waystation/\(number)"
    /// The protocol version that identify tells; the public network's, which nobody compares.
    public static let network = "ipfs/0.1.0"
}
