import Synchronization

/// A fixed number of frame slots between one capture thread and one inference worker, without a lock.
///
/// Each slot is in one state: free, filling (the producer's), ready, or reading (the consumer's). Both sides move a
/// slot by one compare-and-swap of its state word, so each slot has one owner at any time:
///
///     producer  free ──▶ filling ──▶ ready          or, when none is free: oldest ready ──▶ filling  (one frame dropped)
///     consumer  ready ──▶ reading ──▶ free
///
/// The consumer holds at most one slot, so with three slots or more the producer always finds one, and never waits. A
/// failed swap means that the other side has just moved that slot, hence the retry loops end: at most one lap each.
/// The state word carries the frame's number beside the state, so that a slot that was taken and refilled between a
/// look and a swap is not mistaken for the one that was looked at.
public final class FrameRing: Sendable {
    private static let free: UInt64 = 0
    private static let filling: UInt64 = 1
    private static let ready: UInt64 = 2
    private static let reading: UInt64 = 3

    /// `publication << 2 | state` of one slot, and the slot.
    private final class Cell: Sendable {
        let word = Atomic<UInt64>(FrameRing.free)
        let slot: FrameSlot
        init(_ slot: FrameSlot) { self.slot = slot }
    }

    private let cells: [Cell]
    private let published = Atomic<UInt64>(0)
    private let overwritten = Atomic<UInt64>(0)

    /// A ring of `count` slots (3 or more).
    public init(count: Int, modelSize: FrameSize, pictureCapacity: FrameSize) {
        precondition(count >= 3, "a ring needs a slot being filled, one being read and one between them")
        self.pictureCapacity = pictureCapacity
        cells = (0..<count).map { _ in Cell(FrameSlot(modelSize: modelSize, pictureCapacity: pictureCapacity)) }
    }

    /// Slots in the ring.
    public var count: Int { cells.count }

    /// The largest colour picture that a slot holds.
    public let pictureCapacity: FrameSize

    /// Frames handed over so far, and those among them that were overwritten before anyone read them.
    public var counts: (published: UInt64, overwritten: UInt64) {
        (published.load(ordering: .relaxed), overwritten.load(ordering: .relaxed))
    }

    /// Frames that wait to be read.
    public var readyCount: Int {
        cells.reduce(0) { $0 + ($1.word.load(ordering: .relaxed) & 3 == Self.ready ? 1 : 0) }
    }

    /// Fills a slot and hands it over; drops the oldest waiting frame where no slot is free. Producer's thread only.
    ///
    /// Where `fill` throws, nothing is handed over and the slot is free again.
    public func publish<E: Error>(_ fill: (FrameSlot) throws(E) -> Void) throws(E) {
        let cell = claimForFilling()
        do {
            try fill(cell.slot)
        } catch {
            cell.word.store(Self.free, ordering: .releasing)
            throw error
        }
        let number = published.wrappingAdd(1, ordering: .relaxed).newValue
        cell.word.store(number << 2 | Self.ready, ordering: .releasing)
    }

    /// Whether a slot is free, so that publishing would drop nothing: what a lossless source (a file) waits for.
    public var hasFreeSlot: Bool {
        cells.contains { $0.word.load(ordering: .acquiring) & 3 == Self.free }
    }

    /// Reads the oldest waiting frame and frees its slot; nil where none waits. Consumer's thread only.
    public func consume<R, E: Error>(_ body: (FrameSlot) throws(E) -> R) throws(E) -> R? {
        while let (cell, word) = oldestReady() {
            let number = word >> 2
            guard
                cell.word.compareExchange(
                    expected: word, desired: number << 2 | Self.reading, ordering: .acquiringAndReleasing
                ).exchanged
            else { continue }  // The producer took it for a newer frame.
            defer { cell.word.store(Self.free, ordering: .releasing) }
            return try body(cell.slot)
        }
        return nil
    }

    private func claimForFilling() -> Cell {
        while true {
            for cell in cells where cell.word.load(ordering: .relaxed) & 3 == Self.free {
                // Only the producer leaves the free state, so no swap is needed; acquire the consumer's release.
                _ = cell.word.load(ordering: .acquiring)
                cell.word.store(Self.filling, ordering: .relaxed)
                return cell
            }
            guard let (cell, word) = oldestReady() else { continue }
            if cell.word.compareExchange(expected: word, desired: Self.filling, ordering: .acquiringAndReleasing)
                .exchanged
            {
                overwritten.wrappingAdd(1, ordering: .relaxed)
                return cell
            }
        }
    }

    /// The waiting frame with the lowest number.
    ///
    /// Two passes: during the first, the producer may fill a cell already passed and then one not yet reached, and the
    /// later frame would be found first. Whoever has seen frame n sees everything that was handed over before n, so a
    /// second pass finds any older one.
    private func oldestReady() -> (Cell, UInt64)? {
        var found: (cell: Cell, word: UInt64)?
        for _ in 0..<2 {
            for cell in cells {
                let word = cell.word.load(ordering: .acquiring)
                guard word & 3 == Self.ready else { continue }
                if let best = found, best.word <= word { continue }
                found = (cell, word)
            }
            if found == nil { return nil }
        }
        return found.map { ($0.cell, $0.word) }
    }
}
