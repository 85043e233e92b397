internal import CKernels

/// How a layer's weights lie in memory; sums are made in float32 either way.
public enum WeightFormat: Sendable {
    /// As trained.
    case float32
    /// IEEE binary16: half the memory to stream, 11 bits of precision. Weights beyond 65,504 become infinite.
    case float16
}

/// Weights in the order in which a kernel reads them.
struct PackedWeights: ~Copyable, Sendable {
    let format: WeightFormat
    private let memory: AlignedBuffer<UInt8>

    /// `count` weights that `pack` writes as floats.
    init(count: Int, as format: WeightFormat, _ pack: (UnsafeMutablePointer<Float>) -> Void) {
        self.format = format
        switch format {
        case .float32:
            var memory = AlignedBuffer<UInt8>(uninitializedCount: count * MemoryLayout<Float>.size)
            memory.withElements(as: Float.self) { pack($0) }
            self.memory = memory
        case .float16:
            var floats = AlignedBuffer<Float>(uninitializedCount: count)
            pack(floats.mutableBase)
            var memory = AlignedBuffer<UInt8>(uninitializedCount: count * MemoryLayout<UInt16>.size)
            memory.withElements(as: UInt16.self) { zanzo_halves_of($0, floats.base, count) }
            self.memory = memory
        }
    }

    /// Bytes a weight.
    var elementSize: Int { format == .float16 ? MemoryLayout<UInt16>.size : MemoryLayout<Float>.size }

    /// What a kernel reads of them.
    var byteCount: Int { memory.count }
    var base: UnsafeRawPointer { UnsafeRawPointer(memory.base) }
}

extension AlignedBuffer<UInt8> {
    /// The bytes as elements of another type.
    mutating func withElements<T: BitwiseCopyable>(as type: T.Type, _ body: (UnsafeMutablePointer<T>) -> Void) {
        let count = count / MemoryLayout<T>.size
        mutableBase.withMemoryRebound(to: type, capacity: count) { body($0) }
    }
}
