/// A file that has arrived whole but is not kept yet.
package struct StagedFile: Sendable, Hashable {
    package var path: String
    /// SHA-256, 64 hexadecimal digits.
    package var digest: String
    package var bytes: Int64
    /// The first four bytes, or fewer.
    package var firstBytes: [UInt8]

    package init(path: String, digest: String, bytes: Int64, firstBytes: [UInt8]) {
        self.path = path
        self.digest = digest
        self.bytes = bytes
        self.firstBytes = firstBytes
    }
}

/// Where the bytes of dataset versions lie, named by digest.
package protocol ObjectFiles: Sendable {
    /// Takes chunk after chunk into a file of its own until `next` gives nil. - Throws: `exhausted` on a full disk or beyond the size
    /// limit; nothing is left then.
    func stage(_ next: () async throws -> [UInt8]?) async throws -> StagedFile
    /// The same from a file on this machine.
    func stage(file path: String) async throws -> StagedFile
    /// Keeps the staged file under its digest, durably; keeping the same content twice is harmless.
    func keep(_ staged: StagedFile) async throws
    /// Drops a staged file that was not kept; harmless otherwise.
    func discard(_ staged: StagedFile) async
    /// Where a kept content lies, to be read only. - Throws: `not_found`.
    func path(digest: String) async throws -> String
}

/// Reads a file once or twice and tells what is in it.
package protocol DatasetProfiler: Sendable {
    /// - Throws: `invalid_argument` with the reason when the file cannot be read in this format.
    func profile(_ file: DatasetFile) async throws -> DatasetProfile
}

/// Judges a file by a suite.
package protocol DatasetValidator: Sendable {
    /// One result for each expectation, in order. - Throws: `invalid_argument` when the file cannot be read or a regular expression is
    /// malformed.
    func validate(_ file: DatasetFile, suite: ExpectationSuite) async throws -> (rows: Int64, results: [ExpectationResult])
}

/// How the rows of a dataset are shared between training and the gate.
package struct DatasetSplit: Sendable, Hashable {
    /// The column whose value decides, so that rows of one person stay together; nil, or a column that the file lacks: the row number
    /// decides.
    package var key: String?
    /// The share kept from training, in 0..<1.
    package var holdout: Double

    package init(key: String?, holdout: Double) {
        self.key = key
        self.holdout = holdout
    }
}

/// Which of the rows: all of them, those for training, or those kept for the gate.
package enum DatasetPart: String, Sendable, Hashable, CaseIterable {
    case all, train, holdout
}

/// Makes the parts of a version as Parquet files of their own.
package protocol DatasetSplitter: Sendable {
    /// A read-only Parquet file with the rows of the part in their order; made once for each digest, split and part.
    func part(_ part: DatasetPart, of file: DatasetFile, digest: String, split: DatasetSplit) async throws -> String
}
