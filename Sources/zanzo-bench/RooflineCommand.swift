import ArgumentParser
import Kernels

/// `zanzo-bench roofline`: what the kernels are measured against.
struct RooflineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roofline", abstract: "Measure the cores' own peaks: multiply-adds and reading.")

    @OptionGroup var table: TableOptions

    @Option(help: "Threads that work at once.")
    var threads = 1

    @Flag(help: "Print one line of JSON.")
    var json = false

    func validate() throws {
        if !(1...64).contains(threads) { throw ValidationError("--threads \(threads): it must be 1 to 64") }
    }

    func run() {
        let peaks = Peaks(kernels: table.kernels, threads: threads, memory: BenchMemory())
        if json {
            let reads = peaks.reads.map { #"{"bytes":\#($0.byteCount),"gb_s":\#(column($0.rate, 1, width: 0))}"# }
            let rates = [
                #""float32_gflop_s":\#(column(peaks.floatRate, 1, width: 0))"#,
                #""int8_gop_s":\#(column(peaks.byteRate, 1, width: 0))"#,
            ]
            print(
                #"{"cpu":"\#(peaks.isa)","threads":\#(threads),\#(rates.joined(separator: ",")),"read":[\#(reads.joined(separator: ","))]}"#
            )
            return
        }
        print("\(peaks.isa), \(counted(threads, "thread"))")
        print(column("float32 multiply-adds", width: 24), column(peaks.floatRate, 1), "GFLOP/s")
        print(column("int8 multiply-adds", width: 24), column(peaks.byteRate, 1), "GOP/s")
        for (byteCount, rate) in peaks.reads {
            let size = byteCount < 1 << 20 ? "\(byteCount >> 10) KiB" : "\(byteCount >> 20) MiB"
            print(column("read of \(size)", width: 24), column(rate, 1), "GB/s")
        }
    }
}
