import Glibc

/// A frame's score, as `zanzo replay --scores` writes it: one line of JSON.
struct ScorePoint: Encodable {
    /// The frame's number, counted from 1.
    var index: UInt64
    /// Seconds since the clip's first frame.
    var seconds: Double
    /// The raw score: the mean squared error in [-1, 1] for the method `mean`.
    var raw: Double
    /// raw / threshold; nil without a threshold.
    var score: Double?

    enum CodingKeys: String, CodingKey {
        case index = "frame"
        case seconds = "time_s"
        case raw, score
    }
}

/// Lines of JSON to a file or to standard output.
final class LineOutput {
    private let file: UnsafeMutablePointer<FILE>
    private let path: String

    /// Opens `path`; `-` is standard output.
    init(path: String) throws(StartError) {
        self.path = path
        guard let opened = path == "-" ? fdopen(dup(STDOUT_FILENO), "w") : fopen(path, "w") else {
            throw StartError(message: "\(path): \(errorText(errno))")
        }
        file = opened
    }

    deinit { fclose(file) }

    func write(_ value: some Encodable) throws {
        let line = try JSONLine.encode(value) + [10]
        guard fwrite(line, 1, line.count, file) == line.count else { throw failure() }
    }

    /// Throws where not everything has reached the file.
    func close() throws(StartError) {
        guard fflush(file) == 0 else { throw failure() }
    }

    private func failure() -> StartError {
        StartError(message: "\(path): \(errorText(errno)): not all scores are written")
    }
}
