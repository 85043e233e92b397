import Logging
import Publish
import Synchronization
import Video

/// The writer thread: turns the cameras' reports into pictures on disk, lines in the journal and lines to subscribers,
/// in that order, so that evidence is on disk before the event that names it is published.
///
/// It is the one place of the daemon that waits for a disk. Cameras hand reports over bounded queues and go on.
final class Publisher: Sendable {
    /// Rung by every camera's outbox.
    let bell = Doorbell()
    /// Counts rounds: the supervisor sees by it that the writer moves.
    let rounds = Atomic<UInt64>(0)

    /// What the control plane asks of the writer.
    private struct Mailbox {
        var joining: [Camera] = []
        var events: [Event] = []
        var shouldReopen = false
        var isStopping = false
        var picturesFor = Duration.zero
    }

    private let mailbox = Mutex(Mailbox())
    private let isHurried = Atomic<Bool>(false)
    private let time: any TimeSource

    init(time: any TimeSource) { self.time = time }

    /// Publishes what `camera` reports from now on, until it is stopped and drained.
    func join(_ camera: Camera) { post { $0.joining.append(camera) } }

    /// Publishes an event of the daemon itself.
    func publish(_ event: Event) { post { $0.events.append(event) } }

    /// Opens the journal anew: logrotate has moved it.
    func reopen() { post { $0.shouldReopen = true } }

    /// Asks the thread to end once every camera is drained and all is written. Pictures of events that have ended are drawn for
    /// `duration` more; what is not drawn by then is left out.
    func stop(picturesFor duration: Duration) {
        hurry()
        post { ($0.isStopping, $0.picturesFor) = (true, duration) }
    }

    /// From now on events go before pictures: the daemon is about to end.
    func hurry() { isHurried.store(true, ordering: .releasing) }

    private func post(_ change: (inout sending Mailbox) -> Void) {
        mailbox.withLock { change(&$0) }
        bell.ring()
    }

    /// The writer's thread.
    func run(_ desk: EventDesk) {
        var nextTick = time.now()
        // A report with pictures takes as long as a round of others: whoever watches the writer sees it move at each.
        desk.progress = { [unowned self] in rounds.add() }
        desk.isHurried = { [unowned self] in isHurried.load(ordering: .acquiring) }
        while true {
            let mail = mailbox.withLock { mailbox in
                defer { mailbox = Mailbox(isStopping: mailbox.isStopping, picturesFor: mailbox.picturesFor) }
                return mailbox
            }
            if mail.shouldReopen { desk.reopen() }
            mail.joining.forEach { desk.join($0) }
            // A stopped camera's last report was handed over before it was marked as drained: look at the mark first.
            let drained = desk.cameras.filter { $0.isDrained.load(ordering: .acquiring) }
            let worked = desk.round()
            mail.events.forEach { desk.publish($0) }
            drained.forEach { desk.leave($0) }
            rounds.add()
            if time.now() >= nextTick {
                desk.tick()
                nextTick = time.now() + .seconds(1)
            }
            if mail.isStopping, desk.cameras.isEmpty {
                desk.close(picturesFor: mail.picturesFor)
                return
            }
            if !worked { bell.wait(timeout: .milliseconds(250)) }
        }
    }
}
