/// Why a training run can't begin or go on: one line that says what to do.
public struct TrainingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The line.
    public let message: String

    /// An error with this line.
    public init(_ message: String) { self.message = message }

    /// The line.
    public var description: String { message }
}
