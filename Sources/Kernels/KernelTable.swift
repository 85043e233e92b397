package import CKernels
import Glibc

/// The microkernels in use: plain C for every operation, overridden where the CPU has something better.
///
/// Chosen once at start (`best`); everything that computes takes a table, so that a test or a benchmark can hold one
/// instruction set against another in one process.
public struct KernelTable: Sendable {
    /// The instruction set that the table was filled up to: one of `names`.
    public private(set) var name: String
    /// Whether bytes are multiplied faster than floats.
    public private(set) var isFastAtBytes = false

    package private(set) var shrinkAddRow16: zanzo_shrink_add_row16 = zanzo_shrink_add_row16_scalar
    package private(set) var shrinkAddRow32: zanzo_shrink_add_row32 = zanzo_shrink_add_row32_scalar
    package private(set) var shrinkFinish16: zanzo_shrink_finish16 = zanzo_shrink_finish16_scalar
    package private(set) var shrinkFinish32: zanzo_shrink_finish32 = zanzo_shrink_finish32_scalar

    package private(set) var layout = zanzo_layout(
        lanes: Int(ZANZO_LANES), block: Int(ZANZO_BLOCK), linear_block: Int(ZANZO_LINEAR_BLOCK), byte_offset: 0,
        byte_group: 0)
    package private(set) var conv3x3: zanzo_conv3x3 = zanzo_conv3x3_scalar
    package private(set) var conv3x3Half: zanzo_conv3x3 = zanzo_conv3x3_half_scalar
    package private(set) var deconv3x3Half: zanzo_deconv3x3 = zanzo_deconv3x3_half_scalar
    package private(set) var conv3x3Bytes: zanzo_conv3x3_8 = zanzo_conv3x3_8_scalar
    package private(set) var deconv3x3Bytes: zanzo_deconv3x3_8 = zanzo_deconv3x3_8_scalar
    package private(set) var conv3x3Few: zanzo_conv3x3_few = zanzo_conv3x3_few_scalar
    package private(set) var deconv3x3: zanzo_deconv3x3 = zanzo_deconv3x3_scalar
    package private(set) var conv3x3Winograd: zanzo_conv3x3 = zanzo_conv3x3_winograd_scalar
    package private(set) var deconv3x3Winograd: zanzo_deconv3x3 = zanzo_deconv3x3_winograd_scalar
    package private(set) var conv3x3WinogradHalf: zanzo_conv3x3 = zanzo_conv3x3_winograd_half_scalar
    package private(set) var deconv3x3WinogradHalf: zanzo_deconv3x3 = zanzo_deconv3x3_winograd_half_scalar
    /// Weights (of Winograd's, 16 of 9 taps) up to which a layer is faster by Winograd; 0: none is (`usesWinograd`).
    package private(set) var winogradWeights = 0
    package private(set) var linear: zanzo_linear = zanzo_linear_scalar
    package private(set) var linearHalf: zanzo_linear = zanzo_linear_half_scalar
    package private(set) var gru: zanzo_gru = zanzo_gru_scalar
    package private(set) var normalise: zanzo_normalise = zanzo_normalise_scalar
    package private(set) var quantise: zanzo_quantise = zanzo_quantise_scalar

    /// Fours of input channels whose products are added in 16 bits, which holds weights down (kernels.h); 0: none are.
    package var byteGroup: Int { layout.byte_group }

    /// What only training needs.
    package private(set) var training = TrainingKernels()

    /// What this table's instructions can do at most, for benchmarks: multiply-adds of floats, of bytes, and reading.
    package private(set) var peakFloat: zanzo_peak = zanzo_peak_float_scalar
    package private(set) var peakBytes: zanzo_peak = zanzo_peak_bytes_scalar
    package private(set) var peakRead: zanzo_peak_read = zanzo_peak_read_scalar

    /// Instruction sets that this build knows, the plainest first.
    public static let names: [String] = {
        #if arch(x86_64)
            return ["scalar", "avx2", "avxvnni", "avx512", "avx512vnni"]
        #elseif arch(arm64)
            return ["scalar", "neon", "neondot", "neoni8mm"]
        #else
            return ["scalar"]
        #endif
    }()

    /// The fastest table that this CPU runs; `ZANZO_CPU=` one of `names` in the environment asks for a plainer one.
    ///
    /// An unknown name, or one that this CPU cannot run, is passed over: `problem(with:)` says what is wrong with it.
    public static let best: KernelTable = {
        if let wanted = getenv("ZANZO_CPU"), let table = named(String(cString: wanted)) { return table }
        return KernelTable(upTo: names[names.count - 1])
    }()

    /// The table of one instruction set; nil where the name is unknown or this CPU cannot run it.
    public static func named(_ isa: String) -> KernelTable? {
        guard names.contains(isa) else { return nil }
        let table = KernelTable(upTo: isa)
        return table.name == isa ? table : nil
    }

    /// Why `named` gives no table for `isa`, in one line; nil where it gives one.
    public static func problem(with isa: String) -> String? {
        if named(isa) != nil { return nil }
        let known = names.joined(separator: ", ")
        return names.contains(isa)
            ? "this CPU does not run \(isa) code" : "unknown instruction set \"\(isa)\"; known ones: \(known)"
    }

    /// The ladder: plain C first, then each set that the CPU has, up to the one asked for.
    private init(upTo isa: String) {
        name = "scalar"
        #if arch(x86_64)
            guard isa != "scalar", zanzo_cpu_has_avx2() != 0 else { return }
            overrideByAVX2()
            guard isa != "avx2" else { return }
            // A step to the side: CPUs that have it need not have AVX-512, nor the other way round.
            if zanzo_cpu_has_avxvnni() != 0 { overrideByAVXVNNI() }
            guard isa != "avxvnni", zanzo_cpu_has_avx512() != 0 else { return }
            overrideByAVX512()
            guard isa != "avx512", zanzo_cpu_has_avx512vnni() != 0 else { return }
            name = "avx512vnni"
            layout.byte_group = 0
            conv3x3Bytes = zanzo_conv3x3_8_avx512vnni
            deconv3x3Bytes = zanzo_deconv3x3_8_avx512vnni
            peakBytes = zanzo_peak_bytes_avx512vnni
        #elseif arch(arm64)
            guard isa != "scalar", zanzo_cpu_has_neon() != 0 else { return }
            overrideByNEON()
            guard isa != "neon", zanzo_cpu_has_neondot() != 0 else { return }
            name = "neondot"
            isFastAtBytes = true
            conv3x3Bytes = zanzo_conv3x3_8_neondot
            deconv3x3Bytes = zanzo_deconv3x3_8_neondot
            peakBytes = zanzo_peak_bytes_neondot
            guard isa != "neondot", zanzo_cpu_has_neoni8mm() != 0 else { return }
            name = "neoni8mm"
            layout.byte_offset = 0
            conv3x3Bytes = zanzo_conv3x3_8_neoni8mm
            deconv3x3Bytes = zanzo_deconv3x3_8_neoni8mm
            peakBytes = zanzo_peak_bytes_neoni8mm
        #endif
    }

    #if arch(x86_64)
        private mutating func overrideByAVX2() {
            name = "avx2"
            isFastAtBytes = true
            layout.byte_group = Int(ZANZO_BYTE_GROUP)
            shrinkAddRow16 = zanzo_shrink_add_row16_avx2
            shrinkFinish16 = zanzo_shrink_finish16_avx2
            conv3x3 = zanzo_conv3x3_avx2
            conv3x3Few = zanzo_conv3x3_few_avx2
            deconv3x3 = zanzo_deconv3x3_avx2
            conv3x3Half = zanzo_conv3x3_half_avx2
            deconv3x3Half = zanzo_deconv3x3_half_avx2
            conv3x3Winograd = zanzo_conv3x3_winograd_avx2
            deconv3x3Winograd = zanzo_deconv3x3_winograd_avx2
            conv3x3WinogradHalf = zanzo_conv3x3_winograd_half_avx2
            deconv3x3WinogradHalf = zanzo_deconv3x3_winograd_half_avx2
            winogradWeights = 1 << 19
            conv3x3Bytes = zanzo_conv3x3_8_avx2
            deconv3x3Bytes = zanzo_deconv3x3_8_avx2
            linear = zanzo_linear_avx2
            linearHalf = zanzo_linear_half_avx2
            gru = zanzo_gru_avx2
            normalise = zanzo_normalise_avx2
            quantise = zanzo_quantise_avx2
            peakFloat = zanzo_peak_float_avx2
            peakBytes = zanzo_peak_bytes_avx2
            peakRead = zanzo_peak_read_avx2
            training = .avx2
        }

        private mutating func overrideByAVXVNNI() {
            name = "avxvnni"
            layout.byte_group = 0
            conv3x3Bytes = zanzo_conv3x3_8_avxvnni
            deconv3x3Bytes = zanzo_deconv3x3_8_avxvnni
            peakBytes = zanzo_peak_bytes_avxvnni
        }

        private mutating func overrideByAVX512() {
            name = "avx512"
            layout = zanzo_layout(
                lanes: Int(ZANZO_LANES_AVX512), block: Int(ZANZO_BLOCK_AVX512),
                linear_block: Int(ZANZO_LINEAR_BLOCK_AVX512), byte_offset: 0,
                byte_group: Int(ZANZO_BYTE_GROUP))
            conv3x3 = zanzo_conv3x3_avx512
            conv3x3Few = zanzo_conv3x3_few_avx512
            deconv3x3 = zanzo_deconv3x3_avx512
            conv3x3Half = zanzo_conv3x3_half_avx512
            deconv3x3Half = zanzo_deconv3x3_half_avx512
            conv3x3Winograd = zanzo_conv3x3_winograd_avx512
            deconv3x3Winograd = zanzo_deconv3x3_winograd_avx512
            conv3x3WinogradHalf = zanzo_conv3x3_winograd_half_avx512
            deconv3x3WinogradHalf = zanzo_deconv3x3_winograd_half_avx512
            conv3x3Bytes = zanzo_conv3x3_8_avx512
            deconv3x3Bytes = zanzo_deconv3x3_8_avx512
            linear = zanzo_linear_avx512
            linearHalf = zanzo_linear_half_avx512
            peakFloat = zanzo_peak_float_avx512
            peakBytes = zanzo_peak_bytes_avx512
            peakRead = zanzo_peak_read_avx512
            training = .avx512
        }
    #elseif arch(arm64)
        private mutating func overrideByNEON() {
            name = "neon"
            layout.byte_offset = Int32(ZANZO_BYTE_OFFSET_SIGNED)
            shrinkAddRow16 = zanzo_shrink_add_row16_neon
            conv3x3 = zanzo_conv3x3_neon
            conv3x3Few = zanzo_conv3x3_few_neon
            deconv3x3 = zanzo_deconv3x3_neon
            conv3x3Half = zanzo_conv3x3_half_neon
            deconv3x3Half = zanzo_deconv3x3_half_neon
            conv3x3Winograd = zanzo_conv3x3_winograd_neon
            deconv3x3Winograd = zanzo_deconv3x3_winograd_neon
            conv3x3WinogradHalf = zanzo_conv3x3_winograd_half_neon
            deconv3x3WinogradHalf = zanzo_deconv3x3_winograd_half_neon
            conv3x3Bytes = zanzo_conv3x3_8_neon
            deconv3x3Bytes = zanzo_deconv3x3_8_neon
            linear = zanzo_linear_neon
            linearHalf = zanzo_linear_half_neon
            gru = zanzo_gru_neon
            normalise = zanzo_normalise_neon
            quantise = zanzo_quantise_neon
            peakFloat = zanzo_peak_float_neon
            peakBytes = zanzo_peak_bytes_neon
            peakRead = zanzo_peak_read_neon
            training = .neon
        }
    #endif
}
