package import Clockwork

/// Names for runs and models that their makers did not name: `steady-heron-482`.
package enum RunNames {
    package static func random(_ random: any RandomSource) -> String {
        let adjective = adjectives[random.below(adjectives.count)]
        let noun = nouns[random.below(nouns.count)]
        return "\(adjective)-\(noun)-\(random.below(1_000))"
    }

    private static let adjectives = [
        "able", "agile", "amber", "apt", "bold", "brave", "bright", "brisk", "calm", "candid", "clean", "clear", "crisp", "curious", "deft",
        "eager", "early", "exact", "fair", "fast", "firm", "fresh", "gentle", "glad", "grand", "green", "handy", "honest", "keen", "kind",
        "light", "lively", "lucid", "mellow", "merry", "mild", "neat", "nimble", "noble", "patient", "plain", "polite", "prime", "quick",
        "quiet", "rapid", "ready", "round", "sharp", "silent", "silver", "smart", "smooth", "sober", "solid", "spry", "steady", "sturdy",
        "sunny", "swift", "tidy", "tranquil", "trusty", "upright", "vivid", "warm", "wise", "witty",
    ]

    private static let nouns = [
        "badger", "bear", "bee", "bison", "carp", "cat", "cod", "crab", "crane", "crow", "deer", "dog", "dove", "duck", "eagle", "eel",
        "elk",
        "falcon", "finch", "fox", "frog", "goat", "goose", "grouse", "gull", "hare", "hawk", "heron", "horse", "ibis", "jay", "kite", "koi",
        "lark", "lynx", "mink", "mole", "moose", "moth", "newt", "otter", "owl", "ox", "panda", "perch", "pike", "pony", "quail", "ram",
        "raven", "robin", "seal", "shrew", "shrike", "snail", "sole", "sparrow", "stork", "swan", "swift", "tern", "toad", "trout", "tuna",
        "vole", "wasp", "whale", "wren", "yak", "zebra",
    ]
}
