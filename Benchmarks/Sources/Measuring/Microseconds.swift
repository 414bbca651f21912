import Dispatch

/// Microseconds since some point.
package func microseconds() -> Double { Double(DispatchTime.now().uptimeNanoseconds) / 1000 }
