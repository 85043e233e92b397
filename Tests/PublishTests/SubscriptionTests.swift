import Testing

@testable import Publish

@Suite struct SubscriptionTests {
    func parse(_ text: String) throws -> ClientRequest { try ClientRequest(parsing: Array(text.utf8)) }

    @Test func aWholeSubscriptionIsRead() throws {
        var expected = Subscription()
        expected.types = ["anomaly", "camera.offline"]
        expected.cameras = ["porch"]
        expected.after = 1042
        expected.scores = true
        expected.snapshots = .inline
        let text = """
            {"subscribe":{"types":["anomaly","camera.offline"],"cameras":["porch"],\
            "after":"00000000000000001042","scores":true,"snapshots":"inline"}}
            """
        #expect(try parse(text) == .subscribe(expected))
        #expect(try parse(String(decoding: expected.line, as: UTF8.self)) == .subscribe(expected))
        #expect(try parse("  {\"subscribe\" : {}}\r") == .subscribe(Subscription()))
        #expect(try parse(#"{"status":true}"#) == .status)
    }

    @Test(arguments: [
        ("", "not a JSON object"), ("hello", "not a JSON object"), ("[]", "'' is of the wrong kind"),
        ("{}", "either 'subscribe' or 'status'"), (#"{"subscribe":{},"status":true}"#, "either"),
        (#"{"subscribe":{"type":["anomaly"]}}"#, "'type' is no key of 'subscribe'"),
        (#"{"subscrib":{}}"#, "'subscrib' is no key of the first line"),
        (#"{"subscribe":{"types":"anomaly"}}"#, "'subscribe.types' is of the wrong kind"),
        (#"{"subscribe":{"types":["anomaly",3]}}"#, "'subscribe.types.[1]' is of the wrong kind"),
        (#"{"subscribe":{"types":["anom"]}}"#, "no type begins with 'anom'"),
        (#"{"subscribe":{"types":[""]}}"#, "no type begins with ''"),
        (#"{"subscribe":{"after":"-1"}}"#, "'after' is the sequence"),
        (#"{"subscribe":{"after":"18446744073709551615"}}"#, "'after' is the sequence"),
        (#"{"subscribe":{"after":null}}"#, "'subscribe.after' is of the wrong kind"),
        (#"{"subscribe":{"snapshots":"all"}}"#, "'snapshots' is"),
        (#"{"subscribe":{"scores":1}}"#, "'subscribe.scores' is of the wrong kind"),
        (#"{"status":false}"#, "can only be true"),
    ])
    func whatIsWrongIsSaid(text: String, message: String) {
        let error = #expect(throws: ClientRequest.RequestError.self) { try parse(text) }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: [
        ("anomaly", 3), ("anomaly.start", 1), ("dev.zanzo.anomaly", 3), ("dev.zanzo.anomaly.end.v1", 1), ("camera", 3),
        ("anomaly.st", 0), ("dev.zanzo", 0),
    ])
    func typesMatchPartByPart(prefix: String, count: Int) {
        #expect(EventType.allCases.filter { Subscription.matches($0, prefix) }.count == count)
    }

    @Test func camerasFilterTheDaemonsOwnEventsOut() {
        var subscription = Subscription()
        #expect(subscription.wants(.configReloaded, nil) && subscription.wants(nil, "gate"))
        subscription.cameras = ["porch"]
        #expect(subscription.wants(.anomalyEnd, "porch") && !subscription.wants(.anomalyEnd, "gate"))
        #expect(!subscription.wants(.configReloaded, nil) && !subscription.wantsScore("porch"))
    }
}
