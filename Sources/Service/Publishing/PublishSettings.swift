import Publish

extension Configuration {
    /// The journal's settings.
    var journalSettings: JournalSettings {
        JournalSettings(
            path: events.file, stateDirectory: stateDirectory, host: host, maximumByteCount: events.rotateSize,
            maximumAge: events.rotateAge, keep: events.rotateKeep)
    }

    /// The event server's settings; `status` answers `{"status":true}`.
    func serverSettings(inherited: Int32?, status: @escaping @Sendable () -> [UInt8]) -> ServerSettings {
        ServerSettings(
            path: events.socket, mode: events.socketMode, group: events.socketGroup, inheritedDescriptor: inherited,
            maximumClients: events.maximumClients, maximumQueuedByteCount: events.clientQueue, status: status)
    }

    /// The snapshot store's settings. An event's pictures are kept three times as long as periodic ones.
    var snapshotStoreSettings: SnapshotStoreSettings {
        SnapshotStoreSettings(
            directory: snapshotDirectory, maximumByteCount: Int64(snapshots.maximumSize),
            maximumAge: snapshots.maximumAge, maximumEventAge: snapshots.maximumAge.map { $0 * 3 },
            freeSpaceFloor: Int64(snapshots.minimumFree), stateDirectory: stateDirectory)
    }
}
