import Synchronization
import Testing
import Video

@Suite struct FrameRingTests {
    static let size = FrameSize(width: 4, height: 4)

    static func ring(_ count: Int) -> FrameRing { FrameRing(count: count, modelSize: size, pictureCapacity: size) }

    static func publish(_ ring: FrameRing, _ index: UInt64) {
        ring.publish { slot in
            slot.index = index
            slot.luma.update(repeating: UInt8(truncatingIfNeeded: index))
        }
    }

    @Test(arguments: [3, 4, 8], [0, 1, 3, 20])
    func dropsTheOldestAndCountsIt(slots: Int, frames: Int) {
        let ring = Self.ring(slots)
        for index in 0..<frames { Self.publish(ring, UInt64(index)) }
        let kept = min(slots, frames)
        #expect(ring.readyCount == kept)
        #expect(ring.counts.published == UInt64(frames))
        #expect(ring.counts.overwritten == UInt64(frames - kept))
        for index in (frames - kept)..<frames { #expect(ring.consume { $0.index } == UInt64(index)) }
        #expect(ring.consume { $0.index } == nil)
        #expect(ring.hasFreeSlot)
    }

    @Test func theSlotBeingReadIsNeverOverwritten() {
        let ring = Self.ring(3)
        Self.publish(ring, 7)
        let seen = ring.consume { slot in
            for index in 100..<120 { Self.publish(ring, UInt64(index)) }
            return (slot.index, slot.luma.allSatisfy { $0 == 7 })
        }
        #expect(seen?.0 == 7 && seen?.1 == true)
        #expect(ring.consume { $0.index } == 118)
    }

    struct Broken: Error {}

    @Test func aFrameThatCouldNotBeFilledIsNotHandedOver() {
        let ring = Self.ring(3)
        #expect(throws: Broken.self) { try ring.publish { _ throws(Broken) in throw Broken() } }
        #expect(ring.readyCount == 0 && ring.counts.published == 0)
        Self.publish(ring, 1)
        #expect(ring.consume { $0.index } == 1)
    }

    /// Two threads at full speed: frames arrive in order, whole (every byte of one frame alike), and none is counted twice.
    @Test(arguments: [3, 5]) func twoThreadsNeverTearOrReorder(slots: Int) async {
        let ring = Self.ring(slots)
        let frames: UInt64 = 20_000
        let done = Atomic<Bool>(false)
        async let produced: Void = Task.detached {
            for index in 1...frames { Self.publish(ring, index) }
            done.store(true, ordering: .releasing)
        }.value
        var last: UInt64 = 0
        var received: UInt64 = 0
        var faults = 0
        while true {
            let finished = done.load(ordering: .acquiring)
            let index = ring.consume { slot in
                if !slot.luma.allSatisfy({ $0 == UInt8(truncatingIfNeeded: slot.index) }) { faults += 1 }
                return slot.index
            }
            guard let index else {
                if finished { break }
                await Task.yield()
                continue
            }
            if index <= last { faults += 1 }
            last = index
            received += 1
        }
        await produced
        #expect(faults == 0)
        #expect(last == frames)
        #expect(ring.counts.published == frames)
        #expect(received + ring.counts.overwritten == frames)
    }
}
