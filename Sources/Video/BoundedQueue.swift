import Synchronization

/// A queue of fixed capacity from one thread to one other, without a lock: the bridge between data and control plane.
///
/// `push` returns false where the queue is full: the caller counts what it had to leave out, or tries again later.
/// `Element` should be a trivial value (no reference counting), so that neither side ever frees memory.
public final class BoundedQueue<Element: Sendable>: @unchecked Sendable {
    // Sendable is unchecked: a place belongs to the producer until `tail` passes it and to the consumer until `head` does.
    private let places: UnsafeMutablePointer<Element?>
    private let mask: Int
    private let head = Atomic<Int>(0)  // next to pop; written by the consumer
    private let tail = Atomic<Int>(0)  // next to push; written by the producer

    /// A queue of at least `minimumCapacity` elements (rounded up to a power of two).
    public init(minimumCapacity: Int) {
        precondition(minimumCapacity > 0, "a queue of no places")
        var capacity = 1
        while capacity < minimumCapacity { capacity *= 2 }
        mask = capacity - 1
        places = .allocate(capacity: capacity)
        places.initialize(repeating: nil, count: capacity)
    }

    deinit {
        places.deinitialize(count: mask + 1)
        places.deallocate()
    }

    /// Elements the queue can hold.
    public var capacity: Int { mask + 1 }

    /// Elements that wait now (a snapshot; the other side may be moving).
    public var count: Int { tail.load(ordering: .acquiring) - head.load(ordering: .acquiring) }

    /// Puts `element` at the end; false where the queue is full. Producer's thread only.
    public func push(_ element: Element) -> Bool {
        let at = tail.load(ordering: .relaxed)
        guard at - head.load(ordering: .acquiring) <= mask else { return false }
        places[at & mask] = element
        tail.store(at + 1, ordering: .releasing)
        return true
    }

    /// Takes the first element; nil where the queue is empty. Consumer's thread only.
    public func pop() -> Element? {
        let at = head.load(ordering: .relaxed)
        guard at < tail.load(ordering: .acquiring) else { return nil }
        defer { head.store(at + 1, ordering: .releasing) }
        let element = places[at & mask]
        places[at & mask] = nil
        return element
    }
}
