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
}
