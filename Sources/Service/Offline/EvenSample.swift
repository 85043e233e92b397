/// A bounded number of a series' elements, evenly spaced over it, however long it becomes.
struct EvenSample<Element> {
    private(set) var elements: [Element] = []
    private let capacity: Int
    private var count = 0
    private var stride = 1

    /// Keeps fewer than `capacity` elements, which is 2 or more: when there are so many, every second one is given up.
    init(capacity: Int) {
        precondition(capacity > 1, "a sample of one")
        self.capacity = capacity
    }

    /// Counts the series' next element, and makes it where it is to be kept.
    mutating func add(_ make: () -> Element) {
        defer { count += 1 }
        guard count % stride == 0 else { return }
        elements.append(make())
        guard elements.count == capacity else { return }
        elements = elements.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
        stride *= 2
    }

    /// `wanted` of the kept elements, the first and the last among them; all of them where there are no more.
    func picked(_ wanted: Int) -> [Element] {
        guard wanted > 1, elements.count > wanted else { return elements }
        return (0..<wanted).map { elements[$0 * (elements.count - 1) / (wanted - 1)] }
    }
}
