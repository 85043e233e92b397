import FoundationEssentials
import Model
import Pictures
import Training

/// From what was asked, or what an earlier run left, to a run at its beginning.
extension TrainingSession {
    /// The checkpoint to go on from.
    func unfinished() throws -> Checkpoint? {
        guard TrainingFiles.exists(files.checkpoint) else { return nil }
        guard request.resumes else {
            throw TrainingError(
                "\(files.checkpoint): an unfinished run is kept there: go on with --resume, or remove it to begin anew")
        }
        let checkpoint: Checkpoint
        do throws(ModelError) {
            checkpoint = try Checkpoint(path: files.checkpoint)
        } catch {
            guard request.isUnattended, error.code != .unreadable else { throw error }
            setAside("\(error)")
            return nil
        }
        if let contradiction = request.stated.contradiction(checkpoint.plan, at: files.checkpoint) {
            throw TrainingError(contradiction)
        }
        return checkpoint
    }

    /// What the model says of its training that lies in the new one's place, where that was on these frames and came to its end.
    func finished(on store: FrameStore) -> TrainingRecord? {
        guard TrainingFiles.exists(files.model), let file = try? SafetensorsFile(path: files.model),
            let text = file.metadata[TrainingRecord.metadataKey],
            let record = try? JSONDecoder().decode(TrainingRecord.self, from: Data(text.utf8))
        else { return nil }
        let isOfThese = record.fingerprint == TrainingRecord.fingerprint(of: store)
        return isOfThese && record.ending != .interrupted ? record : nil
    }

    /// Gives a checkpoint up that nothing can go on from, where nobody is there to remove it.
    func setAside(_ reason: String) {
        Checkpoint.setAside(files.checkpoint)
        tell("\(reason): it is \(files.checkpoint)\(Checkpoint.uselessSuffix) now, and the training begins anew")
    }

    /// The plan of a new run; nil where that was stopped before the machine's speed was known.
    func plan(_ footage: Footage) throws -> TrainingPlan? {
        var plan = TrainingPlan(
            recipe: request.recipe, topology: request.topology, seed: request.seed, holdOut: request.holdOut,
            fingerprint: footage.store.fingerprint)
        guard let minutes = request.minutes else { return plan }
        let seconds = try secondsPerStep(plan, footage)
        // A checkpoint would keep a number of steps that was guessed from too few.
        if shouldStop() { return nil }
        plan.recipe.iterations = Pace.iterations(minutes: minutes, secondsPerStep: seconds)
        tell(
            "\(NumberText.short(seconds * 1000)) ms a step: \(plan.recipe.iterations) steps in about "
                + "\(NumberText.short(minutes)) min")
        return plan
    }

    /// Measured on a trainer of its own, which is thrown away: the run itself begins at its beginning.
    private func secondsPerStep(_ plan: TrainingPlan, _ footage: Footage) throws -> Double {
        var probe = plan
        probe.recipe.iterations = Pace.steps
        probe.recipe.judgements = 1
        var pace = Pace(time: time)
        var hooks = TrainingHooks()
        hooks.show = { _ in pace.note() }
        hooks.shouldStop = { pace.isKnown || shouldStop() }
        let step = make(plan.topology, plan.seed, plan.recipe, threads)
        let path = files.file("probe.checkpoint")
        defer { try? FileManager.default.removeItem(atPath: path) }
        _ = try TrainingRun(plan: probe, footage: footage, step: step, time: time, checkpoint: path).run(hooks)
        return pace.secondsPerStep
    }

    /// The run of `plan`, at its beginning or where `earlier` left it.
    func begin(_ plan: TrainingPlan, _ footage: Footage, from earlier: Checkpoint?) throws -> TrainingRun {
        let step = make(plan.topology, plan.seed, plan.recipe, threads)
        let run = try TrainingRun(
            plan: plan, footage: footage, step: step, time: time, checkpoint: files.checkpoint,
            checkpointEvery: request.checkpointEvery, picturesAt: Set(request.stripsAt))
        guard let earlier else { return run }
        do {
            try run.resume(earlier)
        } catch {
            guard request.isUnattended, (error as? ModelError)?.code != .unreadable else { throw error }
            setAside("\(error)")
            return try begin(plan, footage, from: nil)
        }
        // The speed that made minutes a number of steps was that of another day: the number stays.
        let kept = request.minutes == nil || request.isUnattended ? "" : ", as many as it began with"
        tell("going on after step \(earlier.progress.iteration) of \(plan.recipe.iterations)\(kept)")
        return run
    }
}
