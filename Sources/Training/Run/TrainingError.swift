/// Why a training run can't begin or go on: one line that says what to do.
public struct TrainingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The line.
    public let message: String

    /// Whether another try with the same footage and settings would only say the same.
    public let isFinal: Bool

    /// Whether there is nothing to go on with because the run is finished, and its model there.
    public let isFinished: Bool

    /// An error with this line.
    public init(_ message: String, isFinal: Bool = false, isFinished: Bool = false) {
        (self.message, self.isFinal, self.isFinished) = (message, isFinal, isFinished)
    }

    /// The line.
    public var description: String { message }
}
