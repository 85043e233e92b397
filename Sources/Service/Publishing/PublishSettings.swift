import Publish

extension Configuration {
    var journalSettings: JournalSettings { JournalSettings() }
    func serverSettings(inherited: Int32?, status: @escaping @Sendable () -> [UInt8]) -> ServerSettings { ServerSettings() }
    var snapshotStoreSettings: SnapshotStoreSettings { SnapshotStoreSettings() }
}
