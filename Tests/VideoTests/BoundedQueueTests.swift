import Testing
import Video

@Suite struct BoundedQueueTests {
    @Test func keepsOrderAndRefusesWhenFull() {
        let queue = BoundedQueue<Int>(minimumCapacity: 3)
        #expect(queue.capacity == 4)
        #expect((0..<4).allSatisfy { queue.push($0) })
        #expect(!queue.push(4))
        #expect(queue.pop() == 0)
        #expect(queue.push(4))
        #expect((1...4).allSatisfy { queue.pop() == $0 })
        #expect(queue.pop() == nil)
    }

    /// Two threads at full speed on a queue that is mostly full or mostly empty: what was taken in comes out, once and in order.
    @Test(arguments: [1, 2, 64]) func twoThreadsLoseAndRepeatNothing(capacity: Int) async {
        let queue = BoundedQueue<[Int]>(minimumCapacity: capacity)
        let count = 50_000
        async let pushed: Void = Task.detached {
            for index in 0..<count {
                // An array: an element that was freed too early, or taken twice, shows.
                while !queue.push([index, -index]) { await Task.yield() }
            }
        }.value
        var next = 0
        while next < count {
            guard let element = queue.pop() else {
                await Task.yield()
                continue
            }
            guard element == [next, -next] else {
                Issue.record("\(element) in place of \(next)")
                return
            }
            next += 1
        }
        await pushed
        #expect(next == count && queue.pop() == nil)
    }
}
