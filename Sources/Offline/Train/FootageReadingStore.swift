import Capture
import Glibc
import Service
import Training

// Which frames a run gets: those of the store that lies there already, or such as are read now.
extension FootageReading {
    /// How a run stands to what an earlier one has left behind.
    struct Terms {
        /// Whether to go on with it.
        var resumes: Bool
        /// Whether there is a checkpoint, of a training on it.
        var isTrainedOn: Bool
        /// Whether a program looks on, and nobody reads a question: what does not fit is begun anew.
        var isUnattended: Bool
    }

    /// What to do about the store that lies there.
    private enum Decision {
        /// It is what was asked for.
        case take(FrameStore)
        /// Frames are read; behind its own, where `goingOn`.
        case read(goingOn: Bool)
    }

    /// The frames of `sources`, read where they are not there yet; nil where that was stopped.
    ///
    /// What was recorded, or what a checkpoint was trained on, is never read anew, and never lost without a word: a store of
    /// other sources, another rate or another size is refused. Unattended it is begun anew, and the checkpoint that was
    /// trained on it is set aside.
    func store(_ sources: [String], in files: TrainingFiles, _ terms: Terms) throws -> FrameStore? {
        if sources.count == 1, let path = sources.first, TrainingFiles.isFootage(path) {
            let store = try FrameStore(path: path)
            guard store.size == size else {
                throw TrainingError(
                    "\(path): its frames are \(Self.square(store.size)), the topology's \(Self.square(size))")
            }
            return store
        }
        let goingOn: Bool
        switch try decide(sources, files, terms) {
        case .take(let store): return store
        case .read(let goesOn): goingOn = goesOn
        }
        try check(sources)
        guard try run(sources, into: files.footage, goingOn: goingOn) == .whole else { return nil }
        return try FrameStore(path: files.footage)
    }

    /// The store that lies there is open for no longer than this takes: one that is replaced is to free its room on the disk.
    private func decide(_ sources: [String], _ files: TrainingFiles, _ terms: Terms) throws -> Decision {
        guard TrainingFiles.exists(files.footage), let old = try open(files, terms), old.frameCount > 0 else {
            return .read(goingOn: false)
        }
        let frames = counted(old.frameCount, "frame")
        if let problem = try mismatch(old, sources, isUsed: terms.isTrainedOn || record != nil) {
            guard terms.isUnattended else {
                throw TrainingError(
                    "\(files.footage): \(frames) are kept there, and \(problem): name another --out, or remove the file; as "
                        + "a source by itself it can be trained on as it is")
            }
            tell("begins anew: of \(frames) in \(files.footage), \(problem)")
            Checkpoint.setAside(files.checkpoint)
            return .read(goingOn: false)
        }
        guard terms.isTrainedOn || record != nil else { return .read(goingOn: false) }
        if terms.resumes, old.isComplete, !isLonger(than: old) { return .take(old) }
        guard terms.resumes else {
            throw TrainingError(
                "\(files.footage): \(frames) are recorded there: go on with --resume, name it as the source to train on it, "
                    + "or remove it")
        }
        if old.isComplete, terms.isTrainedOn {
            guard terms.isUnattended else {
                tell("\(files.footage): the run that goes on began with these \(frames), and no more are recorded")
                return .take(old)
            }
            tell("goes on recording, and then begins to train anew")
            Checkpoint.setAside(files.checkpoint)
        }
        return .read(goingOn: record != nil)
    }

    /// The store; nil where it is none and may be begun anew.
    private func open(_ files: TrainingFiles, _ terms: Terms) throws -> FrameStore? {
        do throws(FrameStoreError) {
            return try FrameStore(path: files.footage)
        } catch {
            guard terms.isUnattended else { throw TrainingError("\(error); to begin anew, remove it") }
            let kept = files.footage + ".bad"
            guard rename(files.footage, kept) == 0 else { throw error }
            Checkpoint.setAside(files.checkpoint)
            tell("begins anew: \(error); it is kept as \(kept)")
            return nil
        }
    }

    /// Whether more is to be recorded than was asked for when `old` was.
    private func isLonger(than old: FrameStore) -> Bool {
        guard let record, let before = old.recordedFor else { return false }
        return record > before
    }

    /// What `old` has of other footage than is asked for; nil where it fits. `isUsed`: it is to be trained on, or recorded
    /// behind. Otherwise it is read anew from the same sources, and only what these don't have could be lost.
    private func mismatch(_ old: FrameStore, _ sources: [String], isUsed: Bool) throws -> String? {
        let asked = try sources.map { FrameStore.storedName(name(of: $0, try specification($0))) }
        if let other = old.sessions.first(where: { !asked.contains($0.source) }) {
            // An earlier version may have kept more of an address than is shown now.
            return "they are of \(Redaction.shown(other.source)), not of \(asked.joined(separator: ", "))"
        }
        guard isUsed else { return nil }
        if old.isComplete, let missing = asked.first(where: { name in !old.sessions.contains { $0.source == name } }) {
            return "none is of \(missing)"
        }
        if old.size != size { return "they are \(Self.square(old.size)), the topology's \(Self.square(size))" }
        guard let wanted = rate ?? (record == nil ? nil : Self.liveRate) else { return nil }
        guard let other = old.sessions.first(where: { $0.rate != wanted }) else { return nil }
        return "they were taken at \(other.rate.map { "\($0)" } ?? "all") frames a second, not at \(wanted)"
    }

    private static func square(_ size: Int) -> String { "\(size)x\(size)" }
}
