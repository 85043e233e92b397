/// Everything that is wrong with a configuration, in the order of the files' lines: one who mends it wants the whole
/// list at once.
public struct ConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// One thing that is wrong.
    public struct Problem: Sendable, Hashable, CustomStringConvertible {
        /// The file's path, as it was given.
        public var file: String
        /// The line, from 1; 0 where the file as a whole is meant.
        public var line: Int
        /// The key with those that it lies in (`cameras.porch.rate`); empty where no key is meant.
        public var key: String
        /// What is wrong and what to write instead.
        public var message: String

        /// `FILE:LINE: KEY: message`.
        public var description: String {
            file + (line > 0 ? ":\(line)" : "") + ": " + (key.isEmpty ? "" : key + ": ") + message
        }
    }

    /// What is wrong, one or more.
    public let problems: [Problem]

    /// An error of one problem or more.
    public init(_ problems: [Problem]) {
        precondition(!problems.isEmpty, "an error of no problems")
        self.problems = problems
    }

    /// The first problem.
    public var first: Problem { problems[0] }

    /// One line for each problem.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
