import Errors

/// What an endpoint may be called: its name stands in paths and labels of metrics.
enum EndpointName {
    static func checked(_ name: String) throws -> String {
        let isPlain = name.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || [45, 46, 95].contains(byte)
        }
        guard isPlain, (1...100).contains(name.utf8.count), !name.hasPrefix("."), name != "stats" else {
            throw JidokaError.invalidArgument(
                "`\(name)` is no name of an endpoint",
                hint: "1 to 100 letters, digits, `-`, `_` and `.`, not beginning with a dot; not `stats`")
        }
        return name
    }
}
