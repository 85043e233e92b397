import Synchronization

/// What waits for the event loop: filled by any thread, emptied by the loop. Bounded, and never waits for the loop.
///
/// An event line that finds no room is left out: it is in the journal, and the loop has it read from there. A score line
/// that finds no room is dropped and counted.
final class Inbox: Sendable {
    /// What the loop takes out at once.
    struct Contents {
        var lines: [PublishedLine] = []
        var scores: [(camera: String, bytes: [UInt8])] = []
        /// The number of the last line that was handed in, whether it found room or not.
        var last: UInt64 = 0
    }

    private struct State {
        var contents = Contents()
        var isAwake = false
        var isClosed = false
        var droppedScores: UInt64 = 0
    }

    private let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int) {
        precondition(capacity > 0, "an inbox of no places")
        self.capacity = capacity
    }

    /// Score lines that found no room.
    var droppedScores: UInt64 { state.withLock { $0.droppedScores } }

    /// Hands in an event's line; true where the loop must be woken.
    func put(_ line: PublishedLine) -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.contents.last = max(state.contents.last, line.sequence)
            if state.contents.lines.count < capacity { state.contents.lines.append(line) }
            return Self.wake(&state)
        }
    }

    /// Hands in a score's line; true where the loop must be woken.
    func putScore(camera: String, bytes: [UInt8]) -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            // Scores get half of the room that events get, so that they are the first to go.
            guard state.contents.scores.count < (capacity + 1) / 2 else {
                state.droppedScores += 1
                return false
            }
            state.contents.scores.append((camera, bytes))
            return Self.wake(&state)
        }
    }

    /// Takes everything out. The next line handed in wakes the loop again.
    func take() -> Contents {
        state.withLock { state in
            let contents = state.contents
            state.contents = Contents()
            state.isAwake = false
            return contents
        }
    }

    /// Takes no more.
    func close() { state.withLock { $0.isClosed = true } }

    private static func wake(_ state: inout State) -> Bool {
        defer { state.isAwake = true }
        return !state.isAwake
    }
}
