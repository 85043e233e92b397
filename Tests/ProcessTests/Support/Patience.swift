import Testing
import Video

/// What a test waited for and did not get.
struct Unmet: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// How long anything may take on a busy machine. Nothing is expected to: it is where a test gives up.
let patience = Duration.seconds(60)

/// Looks every few milliseconds until `look` gives something.
///
/// - Throws: `Unmet` where it gives nothing in time, or what `look` throws; either way the issue stands at `location`.
@discardableResult
func eventually<T>(
    _ what: String, _ location: SourceLocation = #_sourceLocation, detail: () -> String = { "" },
    _ look: () throws -> T?
) async throws -> T {
    let deadline = SystemTime().now() + patience
    while SystemTime().now() < deadline {
        if let found = try look() { return found }
        try await Task.sleep(for: .milliseconds(10))
    }
    let problem = Unmet("\(what): not in \(patience). \(detail())")
    Issue.record(problem, sourceLocation: location)
    throw problem
}

/// Looks every few milliseconds until `condition` holds.
func eventually(
    _ what: String, _ location: SourceLocation = #_sourceLocation, _ condition: () throws -> Bool
) async throws {
    try await eventually(what, location) { try condition() ? () : nil }
}
