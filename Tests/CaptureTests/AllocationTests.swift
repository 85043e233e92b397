#if canImport(CAllocations)
    import CAllocations
    import Testing
    import Video

    @testable import Capture

    /// The capture loop of our own code allocates nothing once it is warm. (Decoders allocate inside libav.)
    @Suite(.enabled(if: zanzo_allocations() != .max, "AddressSanitizer counts for itself"))
    struct AllocationTests {
        @Test(arguments: [PixelFormat.yuv420p, .nv12, .yuyv422, .gray8, .rgb24])
        func readingACameraAndShrinkingItsFrames(_ format: PixelFormat) throws {
            guard let native = V4L2Layout.native.first(where: { $0.format == format }) else { return }
            let size = FrameSize(width: 64, height: 48)
            let given = V4L2Format(fourCC: native.fourCC, size: size, bytesPerLine: 0, byteCount: 0)
            let bytes = [UInt8](repeating: 90, count: V4L2Layout(given)?.byteCount ?? 0)
            let steps = (0..<60).map { FakeV4L2.Step.buffer(sequence: $0, bytes: bytes) }
            let device = FakeV4L2("\(native.fourCC)", size.width, size.height, steps)
            let bus = FakeBus([.success(device)])
            let source = V4L2Source(path: "/dev/video7", options: SourceOptions(), time: SimulatedTime()) {
                (path) throws(V4L2Errno) in try bus.open(path)
            }
            let slot = FrameSlot(modelSize: FrameSize(width: 32, height: 32), pictureCapacity: size)
            let shrinker = FrameShrinker(modelSize: slot.modelSize, pictureCapacity: slot.pictureCapacity)
            _ = try source.open()
            func turn() throws -> Bool {
                guard case .frame(let frame) = try source.read(timeout: .seconds(1)) else { return false }
                shrinker.shrink(frame.view, into: slot)
                return true
            }
            for _ in 0..<10 { #expect(try turn()) }
            let before = zanzo_allocations()
            var frames = 0
            for _ in 0..<40 where try turn() { frames += 1 }
            let made = zanzo_allocations() - before
            #expect(frames == 40)
            #expect(made == 0, "\(made) allocations in 40 frames")
        }
    }
#endif
