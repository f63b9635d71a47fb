import CommandLine

/// How a command ended. In a file of its own because Testing has an `ExitStatus` too.
typealias Ending = ExitStatus
