import FoundationEssentials

/// What a client wants to hear of.
public struct Subscription: Sendable, Hashable {
    /// How pictures come with events.
    public enum Snapshots: String, Sendable, Hashable {
        /// By their paths: for clients on the same machine.
        case path
        /// The snapshot itself, base64, in `data.snapshot_png`.
        case inline
    }

    /// Beginnings of types, as in "anomaly" or "camera.offline"; none for all.
    public var types: [String] = []
    /// Cameras by name; none for all, and the daemon's own events too.
    public var cameras: [String] = []
    /// The number of the last line that the client has: what came after it is sent first.
    public var after: UInt64?
    /// Whether to send each frame's score as well.
    public var scores = false
    /// How pictures come with events.
    public var snapshots = Snapshots.path

    /// A subscription to all events from now on.
    public init() {}

    /// The subscription as a client's first line, newline included.
    public var line: [UInt8] {
        JSONText.object { text in
            text.object("subscribe") { text in
                if !types.isEmpty { text.array("types", types) { $0.quote($1) } }
                if !cameras.isEmpty { text.array("cameras", cameras) { $0.quote($1) } }
                text.string("after", after.map(SequenceText.padded))
                if scores { text.bool("scores", true) }
                if snapshots != .path { text.string("snapshots", snapshots.rawValue) }
            }
        } + [0x0A]
    }

    /// Whether an event of that type and camera is wanted.
    func wants(_ type: EventType?, _ camera: String?) -> Bool {
        if !types.isEmpty {
            guard let type, types.contains(where: { Self.matches(type, $0) }) else { return false }
        }
        return cameras.isEmpty || camera.map(cameras.contains) == true
    }

    /// Whether the score of a frame of that camera is wanted.
    func wantsScore(_ camera: String) -> Bool { scores && (cameras.isEmpty || cameras.contains(camera)) }

    /// Whether `prefix` is the beginning of the type, part by part: "anomaly" is of "anomaly.start.v1", "anom" is not.
    static func matches(_ type: EventType, _ prefix: String) -> Bool {
        let name = withoutDomain(type.rawValue)
        let prefix = withoutDomain(prefix)
        return name == prefix || name.hasPrefix(prefix + ".")
    }

    private static func withoutDomain(_ name: String) -> String {
        let domain = "dev.zanzo."
        return name.hasPrefix(domain) ? String(name.dropFirst(domain.count)) : name
    }
}

/// A client's first line.
enum ClientRequest: Hashable {
    case subscribe(Subscription)
    case status

    /// Reads a line; what is wrong with it is told in the words of the error's message.
    init(parsing line: [UInt8]) throws(RequestError) {
        do {
            self = try JSONDecoder().decode(Wire.self, from: Data(line)).request
        } catch let error as RequestError {
            throw error
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
            let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
            throw RequestError(message: "'\(path.joined(separator: "."))' is of the wrong kind; \(Wire.example)")
        } catch {
            throw RequestError(message: "the first line is not a JSON object; \(Wire.example)")
        }
    }

    /// What is wrong with a first line.
    struct RequestError: Error, Hashable {
        var message: String
    }

    private struct Wire: Decodable {
        static let example = #"try {"subscribe":{"types":["anomaly"]}} or {"status":true}"#
        let request: ClientRequest

        struct Key: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init(_ name: String) { stringValue = name }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            try Self.check(container, known: ["subscribe", "status"], of: "the first line")
            switch (container.contains(Key("subscribe")), container.contains(Key("status"))) {
            case (true, false):
                request = .subscribe(try Self.subscription(container))
            case (false, true):
                guard try container.decode(Bool.self, forKey: Key("status")) else {
                    throw RequestError(message: "'status' can only be true")
                }
                request = .status
            default: throw RequestError(message: "either 'subscribe' or 'status' is needed; \(Self.example)")
            }
        }

        private static func subscription(_ outer: KeyedDecodingContainer<Key>) throws -> Subscription {
            let container = try outer.nestedContainer(keyedBy: Key.self, forKey: Key("subscribe"))
            try check(container, known: ["types", "cameras", "after", "scores", "snapshots"], of: "'subscribe'")
            var subscription = Subscription()
            subscription.types = try container.decodeIfPresent([String].self, forKey: Key("types")) ?? []
            for type in subscription.types
            where !EventType.allCases.contains(where: { Subscription.matches($0, type) }) {
                throw RequestError(
                    message:
                        "no type begins with '\(type)'; there are anomaly, camera, scene, frames, model, storage, config"
                )
            }
            subscription.cameras = try container.decodeIfPresent([String].self, forKey: Key("cameras")) ?? []
            if container.contains(Key("after")) {
                let text = try container.decode(String.self, forKey: Key("after"))
                guard let after = SequenceText.parse(text) else {
                    throw RequestError(message: "'after' is the sequence of an event, as in \"00000000000000001042\"")
                }
                subscription.after = after
            }
            subscription.scores = try container.decodeIfPresent(Bool.self, forKey: Key("scores")) ?? false
            if let name = try container.decodeIfPresent(String.self, forKey: Key("snapshots")) {
                guard let snapshots = Subscription.Snapshots(rawValue: name) else {
                    throw RequestError(message: "'snapshots' is \"path\" or \"inline\", not '\(name)'")
                }
                subscription.snapshots = snapshots
            }
            return subscription
        }

        private static func check(
            _ container: KeyedDecodingContainer<Key>, known: [String], of place: String
        ) throws {
            guard let unknown = container.allKeys.map(\.stringValue).sorted().first(where: { !known.contains($0) })
            else { return }
            throw RequestError(
                message: "'\(unknown)' is no key of \(place); there are \(known.joined(separator: ", "))")
        }
    }
}
