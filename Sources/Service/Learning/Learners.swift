import Logging
import Video

/// The cameras that learn: a part of the daemon's control plane, which tells it what is to be watched from now on.
struct Learners {
    private var running: [String: LearningLoop] = [:]
    /// Loops that were told to end and may still have a training that saves what it has.
    private var ending: [LearningLoop] = []

    /// The loops at work.
    var loops: [LearningLoop] { Array(running.values) }

    /// The names of the cameras that learn.
    var names: [String] { Array(running.keys) }

    /// Whether no camera learns.
    var isEmpty: Bool { running.isEmpty }

    /// Whether `camera` learns already, as it is asked to.
    func learns(_ camera: CameraConfiguration) -> Bool { running[camera.name]?.settings == camera }

    /// A loop for `camera` whose thread is there and waits for `start`.
    ///
    /// Throws where the system gives no more threads.
    func prepare(
        _ camera: CameraConfiguration, _ place: LearningPlace, _ command: TrainerCommand,
        _ outside: LearningLoop.Outside
    ) throws(StartError) -> LearningLoop {
        let loop = LearningLoop(camera, place, command, outside)
        try loop.prepare()
        return loop
    }

    /// Starts to learn; what a loop that is about to end has in the same place is waited for.
    mutating func start(_ loop: LearningLoop, _ log: Logger) {
        let camera = loop.settings
        let length = LearningText.amount(camera.learn.recordFor?.seconds ?? 0)
        log.notice(
            "camera \(camera.name): has no model yet: it learns one from \(length) of its footage, in \(loop.place.folder)"
        )
        loop.start(after: ending.last { $0.place == loop.place })
        running[camera.name] = loop
    }

    /// Stops learning; returns at once.
    mutating func stop(_ name: String) {
        guard let loop = running.removeValue(forKey: name) else { return }
        loop.stop()
        ending.append(loop)
    }

    /// The cameras that have their model now; they are forgotten here.
    mutating func takeFinished() -> [CameraConfiguration] {
        ending.removeAll { $0.join(timeout: .zero) }
        let finished = running.values.filter(\.isDone)
        for loop in finished { running[loop.settings.name] = nil }
        return finished.map(\.settings)
    }

    /// Stops every one, and returns what is still at work.
    mutating func stopAll() -> [LearningLoop] {
        for name in names { stop(name) }
        return ending
    }
}
