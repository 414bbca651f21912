import Testing

/// All tests with other implementations, one after the other: each has a little network of processes of its own, and a
/// machine that runs several of them at once shows its own limits rather than the node's.
@Suite(.serialized)
enum RealPeers {}
