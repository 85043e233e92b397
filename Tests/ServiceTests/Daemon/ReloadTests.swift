import Capture
import Kernels
import Model
import Testing
import Video

@testable import Service

@Suite(.serialized) struct ReloadTests {
    @Test func aReloadTouchesOnlyWhatChanged() async throws {
        var fixture = try DaemonFixture()
        fixture.configuration.cameras = ["a", "b", "c"].map { DaemonFixture.camera($0, seconds: 1e6) }
        let daemon = fixture.daemon()
        try await daemon.start()
        try await comes("twenty frames of each camera") { await Self.allScored(daemon, 20) }
        var new = fixture.configuration
        new.cameras[1].rate = 5  // b is changed, c goes, d comes
        new.cameras[2] = DaemonFixture.camera("d", seconds: 1e6)
        new.cameras[2].precision = .float16
        let before = await Self.received(daemon)
        try await daemon.reload(new)
        let after = await Self.received(daemon)
        #expect(await daemon.status.cameras.map(\.name) == ["a", "b", "d"])
        #expect(after["a", default: 0] >= before["a", default: 0])  // a new pipeline would count from zero
        #expect(await daemon.status.cameras.first?.sessions == 1)
        #expect(await daemon.modelCount == 2)
        // With d the model in its arithmetic goes.
        new.cameras.removeLast()
        try await daemon.reload(new)
        #expect(await daemon.modelCount == 1)
        await daemon.stop()
        let reloaded = try fixture.journal().first { $0.kind == "config.reloaded" }
        #expect(reloaded?.data.message == "changed: b, c, d")
    }

    @Test func aModelThatCannotBeLoadedLeavesEverythingAsItWas() async throws {
        var fixture = try DaemonFixture()
        fixture.configuration.cameras = [DaemonFixture.camera("a", seconds: 1e6)]
        let daemon = fixture.daemon()
        try await daemon.start()
        var new = fixture.configuration
        new.cameras.append(DaemonFixture.camera("b", seconds: 1e6))
        new.cameras[1].model = "/nonexistent/model.safetensors"
        // One that it can load, before it fails.
        new.cameras.insert(DaemonFixture.camera("c", seconds: 1e6), at: 1)
        new.cameras[1].precision = .float16
        await #expect(throws: StartError.self) { try await daemon.reload(new) }
        await daemon.tick()
        #expect(await daemon.status.cameras.map(\.name) == ["a"])
        #expect(await daemon.modelCount == 1)
        await daemon.stop()
    }

    /// A model is held as long as a camera of the configuration names it, and no longer.
    @Test func modelsThatNobodyNamesAreForgotten() throws {
        var (one, other) = (DaemonFixture.camera("a", seconds: 1), DaemonFixture.camera("b", seconds: 1))
        (one.precision, other.precision) = (.float32, .float16)
        var library = ModelLibrary(kernels: .best)
        let held = try library.plan(for: one).model
        _ = try library.plan(for: other)
        #expect(library.count == 2)
        library.keep(only: [one])
        #expect(library.count == 1)
        #expect(try library.plan(for: one).model === held)
    }

    @Test func aDaemonWithoutAnyCameraStartsAndSaysSo() async throws {
        let fixture = try DaemonFixture()
        let daemon = fixture.daemon()
        try await daemon.start()
        #expect(await daemon.tick().status == "no cameras configured")
        await daemon.stop()
    }

    private static func allScored(_ daemon: Daemon, _ count: UInt64) async -> Bool {
        await daemon.tick()
        return await daemon.status.cameras.allSatisfy { $0.frames["scored", default: 0] >= count }
    }

    private static func received(_ daemon: Daemon) async -> [String: UInt64] {
        await daemon.tick()
        return Dictionary(
            uniqueKeysWithValues: await daemon.status.cameras.map { ($0.name, $0.frames["received", default: 0]) })
    }
}
