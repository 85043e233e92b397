import Testing
import Video

@testable import Service

@Suite struct StatusBoardTests {
    /// Workers that never ran: what a stuck one looks like.
    @Test func aLookTooSoonAfterTheLastSaysNothing() {
        let time = SimulatedTime()
        let board = StatusBoard(host: "test", time: time)
        let publisher = Publisher(time: time)
        func look() -> Bool {
            board.update(cameras: [], workers: [InferenceWorker()], publisher: publisher, subscribers: 0, sequence: 0)
            return board.isAlive
        }
        #expect(look())
        time.advance(by: .milliseconds(10))
        #expect(look())  // a reload between two ticks
        time.advance(by: .seconds(1))
        #expect(!look())
        time.advance(by: .milliseconds(10))
        #expect(!look())  // nor does it clear an alarm
    }
}
