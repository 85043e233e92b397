/// What `zanzo train` and the daemon that starts it agree on: how a training that is not at its end is told from a whole one.
public enum UnfinishedTraining {
    /// The file beside a model that its training goes on from. It is made before the model, and goes when the model is whole.
    public static func checkpoint(of model: String) -> String { model + ".checkpoint" }
}
