import Glibc
import Kernels

/// What the cores can do at most, measured here and now with one table's instructions: the roofs of the roofline.
struct Peaks {
    /// The instruction set, and how many threads worked at once.
    let isa: String
    let threads: Int
    /// 10⁹ operations (two a multiply-add) a second: float32, and bytes in exact sums.
    let floatRate, byteRate: Double
    /// Bytes in all that the threads read again and again, each its own share, and at what rate in GB/s.
    let reads: [(byteCount: Int, rate: Double)]

    /// A working set in each level of the caches, and one beyond them.
    static let workingSets = [32 << 10, 1 << 20, 16 << 20, 256 << 20]

    /// Takes a second or two.
    init(kernels: KernelTable, threads: Int, memory: BenchMemory) {
        (isa, self.threads) = (kernels.name, threads)
        floatRate = Self.rate(threads: threads) { _, _, rounds in 2 * Double(kernels.peakFloat(rounds)) }
        byteRate = Self.rate(threads: threads) { _, _, rounds in 2 * Double(kernels.peakBytes(rounds)) }
        reads = Self.workingSets.map { byteCount in
            // What is too much for one measurement is read piece by piece, each the next one's neighbour.
            let piece = min(byteCount, Self.workingSets[2])
            let rate = Self.rate(threads: threads) { part, turn, rounds in
                let share = part.range(of: piece, group: BenchMemory.unit)
                kernels.peakRead(memory.base + turn * piece % byteCount + share.lowerBound, share.count, rounds)
                return Double(share.count) * Double(rounds)
            }
            return (byteCount, rate)
        }
    }

    /// Units of work a nanosecond: the median of many measurements of half a millisecond, shorter than the slices in which
    /// a core is given to others, so that a neighbour spoils some of them and not all. `work` is given its part, the
    /// measurement's number and a number of rounds, and says how many units those were.
    private static func rate(threads: Int, _ work: @escaping @Sendable (Part, Int, Int) -> Double) -> Double {
        let job = Job(parts: threads, work)
        let team = StepTeam(count: threads) { job.run($0) }
        func time() -> Double {
            let start = Timing.now()
            team.run(frames: 1)
            job.turn += 1
            return Double(Timing.now() - start)
        }
        func shortest() -> Double { min(time(), time(), time()) }
        _ = time()
        while shortest() < 0.5e6 { job.rounds *= 2 }
        let rates = (0..<401).map { _ in
            let taken = time()
            return job.units / taken
        }
        return rates.sorted()[rates.count / 2]
    }

    /// What the threads of one measurement share.
    private final class Job: @unchecked Sendable {
        // Unchecked: `rounds` and `turn` change only between two runs of the team, and each part writes its own `done`.
        var (rounds, turn) = (1, 0)
        private let done: UnsafeMutableBufferPointer<Double>
        private let work: @Sendable (Part, Int, Int) -> Double

        init(parts: Int, _ work: @escaping @Sendable (Part, Int, Int) -> Double) {
            self.work = work
            done = .allocate(capacity: parts)
            done.initialize(repeating: 0)
        }

        deinit { done.deallocate() }

        var units: Double { done.reduce(0, +) }
        func run(_ part: Part) { done[part.index] = work(part, turn, rounds) }
    }

    /// GB/s of reading `byteCount` bytes again and again: between two measured working sets, in proportion to the
    /// logarithm of the size.
    func bandwidth(workingSet byteCount: Int) -> Double {
        guard let above = reads.firstIndex(where: { $0.byteCount >= byteCount }) else { return memoryBandwidth }
        if above == 0 { return reads[0].rate }
        let (low, high) = (reads[above - 1], reads[above])
        let share =
            log2(Double(byteCount) / Double(low.byteCount)) / log2(Double(high.byteCount) / Double(low.byteCount))
        return low.rate + (high.rate - low.rate) * share
    }

    /// GB/s of reading what is in no cache.
    var memoryBandwidth: Double { reads[reads.count - 1].rate }
}

/// Memory larger than any cache, for reading.
final class BenchMemory: Sendable {
    /// What a share of it is a multiple of, in bytes.
    static let unit = 1024
    private let bytes = AlignedBuffer<UInt8>(count: Peaks.workingSets.max() ?? 0)

    var base: UnsafeRawPointer { UnsafeRawPointer(bytes.base) }

    /// Pushes everything else out of the caches.
    func evict(with kernels: KernelTable) { kernels.peakRead(base, bytes.count, 1) }
}
