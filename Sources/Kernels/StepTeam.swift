internal import CKernels
import Glibc
import Synchronization

/// The threads that work on one step together: each does its part of a layer, and all meet before the next.
///
/// The caller's thread is part 0. The others are started once; between two steps they watch for the next one for a short
/// while and then sleep. Neither `run` nor `meet` allocates or locks.
public final class StepTeam: Sendable {
    /// Threads, the caller's included; fewer than were asked for where the system gives no more.
    public var count: Int { work.count }
    private let work: Work

    /// A team of `count` threads (1 to 64) that do `body`, each its part.
    public init(count: Int, body: @escaping @Sendable (Part) -> Void) {
        precondition((1...64).contains(count), "StepTeam: 1 to 64 threads")
        work = Work(count: count, body: body)
        for index in 1..<max(2, count) where count > 1 {
            guard Self.start(index, work) else {
                // A step by fewer is slower and right. None has begun: the others read the count when one does.
                work.limit(to: index)
                break
            }
        }
    }

    deinit { work.stop() }

    /// Threads that sleep until the next step, for tests.
    package var sleepingCount: Int { work.sleepingCount }

    /// One step over `frames` frames: returns when every part is done.
    public func run(frames: Int) {
        work.begin(frames: frames)
        work.body(Part(index: 0, count: work.count, frames: frames, work: work))
        work.meet()
    }

    private static func start(_ index: Int, _ work: Work) -> Bool {
        let entry = Unmanaged.passRetained(Entry(index, work)).toOpaque()
        var thread = pthread_t()
        guard pthread_create(&thread, nil, StepTeam.main, entry) == 0 else {
            Unmanaged<Entry>.fromOpaque(entry).release()
            return false
        }
        pthread_detach(thread)
        return true
    }

    private static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
        guard let argument else { return nil }
        let entry = Unmanaged<Entry>.fromOpaque(argument).takeRetainedValue()
        zanzo_name_thread("zanzo-step-\(entry.index)")
        entry.work.serve(entry.index)
        return nil
    }

    private final class Entry {
        let index: Int
        let work: Work
        init(_ index: Int, _ work: Work) { (self.index, self.work) = (index, work) }
    }

    /// What the threads share.
    final class Work: @unchecked Sendable {
        // Unchecked for `frames` and `count`, which are written before a step begins and read in it, and for the pointers.
        let body: @Sendable (Part) -> Void
        private(set) var count: Int
        private var frames = 0
        /// Steps begun: at an address of its own, for threads sleep on it.
        private let steps = UnsafeMutablePointer<Atomic<UInt32>>.allocate(capacity: 1)
        private let sleeping = Atomic<Int>(0)
        private let isStopping = Atomic<Bool>(false)
        private let arrived = Atomic<Int>(0)
        private let meetings = Atomic<Int>(0)

        /// Looks before a waiting thread gives up its core: some tens of microseconds, as long as layers differ.
        private static let patience = 4_000

        init(count: Int, body: @escaping @Sendable (Part) -> Void) {
            (self.count, self.body) = (count, body)
            steps.initialize(to: Atomic(0))
        }

        deinit {
            steps.deinitialize(count: 1)
            steps.deallocate()
        }

        private var word: UnsafePointer<UInt32> { UnsafeRawPointer(steps).assumingMemoryBound(to: UInt32.self) }

        /// Before the first step: only so many threads could be had.
        func limit(to count: Int) { self.count = count }

        var sleepingCount: Int { sleeping.load(ordering: .sequentiallyConsistent) }

        func begin(frames: Int) {
            guard count > 1 else { return }
            self.frames = frames
            steps.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
            if sleeping.load(ordering: .sequentiallyConsistent) > 0 { zanzo_wake_sleepers(word) }
        }

        func stop() {
            isStopping.store(true, ordering: .releasing)
            steps.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
            zanzo_wake_sleepers(word)
        }

        /// A helper's life.
        func serve(_ index: Int) {
            var seen: UInt32 = 0
            while true {
                waitForStep(after: seen)
                seen &+= 1
                if isStopping.load(ordering: .acquiring) { return }
                body(Part(index: index, count: count, frames: frames, work: self))
                meet()
            }
        }

        private func waitForStep(after seen: UInt32) {
            for _ in 0..<Self.patience {
                if steps.pointee.load(ordering: .acquiring) != seen { return }
                zanzo_spin()
            }
            sleeping.wrappingAdd(1, ordering: .sequentiallyConsistent)
            while steps.pointee.load(ordering: .sequentiallyConsistent) == seen { zanzo_sleep_while(word, seen) }
            sleeping.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        }

        /// Returns when all threads have come here.
        func meet() {
            guard count > 1 else { return }
            let meeting = meetings.load(ordering: .relaxed)
            if arrived.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue == count {
                arrived.store(0, ordering: .relaxed)
                meetings.wrappingAdd(1, ordering: .releasing)
                return
            }
            var looks = 0
            while meetings.load(ordering: .acquiring) == meeting {
                looks += 1
                // The others may be waiting for this very core.
                if looks > Self.patience { sched_yield() } else { zanzo_spin() }
            }
        }
    }
}
