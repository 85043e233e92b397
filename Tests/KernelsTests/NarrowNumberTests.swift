import CKernels
import Kernels
import Testing
import TestSupport

@Suite("Halves and bytes")
struct NarrowNumberTests {
    static let tables = KernelTable.names.compactMap { KernelTable.named($0) }
    static let allHalves = (0...UInt16.max).map { $0 }

    static func halves(of floats: [Float]) -> [UInt16] {
        var halves = [UInt16](repeating: 0, count: floats.count)
        zanzo_halves_of(&halves, floats, floats.count)
        return halves
    }

    @Test("Every half survives being a float")
    func roundTrip() {
        let found = Self.halves(of: Self.allHalves.map { Float(Float16(bitPattern: $0)) })
        let wrong = zip(Self.allHalves, found).count { half, found in
            // Which NaN it is does not matter.
            Float16(bitPattern: half).isNaN ? !Float16(bitPattern: found).isNaN : half != found
        }
        #expect(wrong == 0)
    }

    /// A layer of one input, 1: its outputs are its weights.
    @Test("Every table reads every half as the float that it is")
    func reading() {
        for table in Self.tables {
            var one: Float = 1
            let weights = Guarded<UInt16>(Self.allHalves)
            let bias = Guarded<Float>(count: weights.count)
            let out = Guarded<Float>(count: weights.count)
            var layer = zanzo_linear_layer(
                weights: weights.base, bias: bias.base, inputs: 1, runs: 1, columns: weights.count,
                out_stride: weights.count)
            table.linearHalf(out.base, &one, &layer)
            let wrong = zip(Self.allHalves, out.values).count { half, found in
                let wanted = Float(Float16(bitPattern: half))
                return wanted.isNaN ? !found.isNaN : wanted != found
            }
            #expect(wrong == 0, "\(table.name)")
        }
    }

    @Test("Floats between two halves go to the nearer, ties to the even one, from the smallest to infinity")
    func ties() {
        var floats: [Float] = []
        for half in UInt16(0)..<0x7C00 {
            let low = Float(Float16(bitPattern: half))
            // Above the largest half lies what would be the next, 65,536.
            let high = half == 0x7BFF ? 65536 : Float(Float16(bitPattern: half + 1))
            let middle = (low + high) / 2
            for value in [middle, middle.nextUp, middle.nextDown, low.nextUp, low.nextDown] {
                floats += [value, -value]
            }
        }
        floats += [.infinity, -.infinity, 1e30, -1e30, .leastNonzeroMagnitude, 0x1p-133, -0x1p-133, 0, -0.0]
        let wrong = zip(floats, Self.halves(of: floats)).count { Float16($0).bitPattern != $1 }
        #expect(wrong == 0)
    }

    @Test("Floats of random bits become the nearest half")
    func random() {
        var random = SplitMix(seed: 16)
        let floats = (0..<200_000).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: random.next())) }
        let wrong = zip(floats, Self.halves(of: floats)).count { float, found in
            float.isNaN ? !Float16(bitPattern: found).isNaN : Float16(float).bitPattern != found
        }
        #expect(wrong == 0)
    }

    @Test("Weights become whole numbers in -127…127, halves to even")
    func wholeNumbers() {
        let floats: [Float] = [0, 0.5, 1.5, 2.5, -0.5, -1.5, 126.5, 127.4, 128, -127.5, -128, 1e30, -1e30, 0x1p-133]
        var bytes = [Int8](repeating: 0, count: floats.count)
        zanzo_bytes_of(&bytes, floats, floats.count)
        #expect(bytes == [0, 0, 2, 2, 0, -2, 126, 127, 127, -127, -127, 127, -127, 0])
    }

    /// The definition: product rounded as a float, halves to even, the zero point added, held in 0…255.
    static func quantised(_ x: Float, _ scale: Float, _ zero: Int) -> UInt8 {
        UInt8(min(255, max(0, Double((x * scale).rounded(.toNearestOrEven)) + Double(zero))))
    }

    @Test("Quantising, tails of every length", arguments: Array(0...40) + [100, 1027], [0, 128, 255])
    func quantise(count: Int, zero: Int) {
        var random = SplitMix(seed: UInt64(count))
        var floats = random.floats(count, in: -3...3)
        // Ties, limits, and what does not fit in 32 bits.
        let edges: [Float] = [
            0.01, 0.03, -0.01, 5.1, -5.1, 1e30, -1e30, 0x1p-133, -0x1p-133, 2.54, 2.55, 4.3e7, 4.4e7, -4.4e7,
            -.infinity,
            .infinity, -0.0, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
        ]
        for index in floats.indices where index % 2 == 1 { floats[index] = edges[(index / 2 + count) % edges.count] }
        for scale in [Float(50), 1, 0.5, 1e-30] {
            let expected = floats.map { Self.quantised($0, scale, zero) }
            for table in Self.tables {
                for side in Guarded<Float>.Side.allCases {
                    let from = Guarded<Float>(floats, at: side)
                    let to = Guarded<UInt8>(count: count, at: side == .start ? .start : .end)
                    table.quantise(to.base, from.base, count, scale, Int32(zero))
                    #expect(to.values == expected, "\(table.name), scale \(scale)")
                }
            }
        }
    }
}
