import Glibc

/// The process's environment.
public enum Environment {
    /// A variable's value; nil where it is not set.
    public static subscript(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}

/// What an `errno` means, in words.
package func errorText(_ number: Int32) -> String {
    // strerror's text for a known number is constant; only unknown ones share a buffer, and are not passed on.
    guard number > 0, number < 134, let text = strerror(number) else { return "error \(number)" }
    return String(cString: text)
}
