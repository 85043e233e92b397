public import ArgumentParser
import Glibc
import Kernels
public import Model

/// Which kernels a benchmark runs.
struct TableOptions: ParsableArguments {
    @Option(help: "Instruction set: \(KernelTable.names.joined(separator: ", ")). Default: the best of this CPU.")
    var cpu: String?

    func validate() throws {
        if let cpu, let problem = KernelTable.problem(with: cpu) { throw ValidationError("--cpu: \(problem)") }
        // Passed over, it would give figures of other kernels than those asked for.
        if cpu == nil, let wanted = getenv("ZANZO_CPU").map({ String(cString: $0) }),
            let problem = KernelTable.problem(with: wanted)
        {
            throw ValidationError("ZANZO_CPU: \(problem)")
        }
    }

    var kernels: KernelTable { cpu.flatMap { KernelTable.named($0) } ?? .best }
}

/// What every benchmark of a model is told.
struct ModelOptions: ParsableArguments {
    @Option(help: "The model file (safetensors).")
    var model: String

    @OptionGroup var table: TableOptions

    @Option(help: "Arithmetic: float32, float16, int8 (a file that zanzo quantize has seen), or auto.")
    var precision = Precision.float32

    func load() throws -> Model { try Model(path: model, precision: precision, kernels: table.kernels) }
}

extension Precision: ExpressibleByArgument {}
