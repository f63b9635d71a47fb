import Clockwork
import Errors
import Foundation

/// Makes new inputs of old ones: bits, bytes, ranges, pieces of other seeds, and words that the format knows.
struct Mutator {
    private var random: SplitMix64
    private let seeds: [[UInt8]]
    private let words: [[UInt8]]
    /// Larger inputs are cut: the decoders' own limits are tested where they are.
    private static let bytesMax = 16_384

    init(seeds: [[UInt8]], words: [String], seed: UInt64) {
        self.seeds = seeds
        self.words = words.map { Array($0.utf8) }
        random = SplitMix64(seed: seed)
    }

    mutating func next() -> [UInt8] {
        var bytes = seeds.randomElement(using: &random) ?? []
        for _ in 0..<Int.random(in: 1...8, using: &random) { mutate(&bytes) }
        return Array(bytes.prefix(Mutator.bytesMax))
    }

    private mutating func place(in bytes: [UInt8]) -> Int { Int.random(in: 0...bytes.count, using: &random) }

    private mutating func range(in bytes: [UInt8]) -> Range<Int> {
        let start = place(in: bytes)
        return start..<min(bytes.count, start + Int.random(in: 0...32, using: &random))
    }

    private mutating func mutate(_ bytes: inout [UInt8]) {
        let strange: [UInt8] = [0, 1, 0x20, 0x22, 0x25, 0x27, 0x2E, 0x5C, 0x7F, 0x80, 0xC3, 0xF0, 0xFF]
        switch Int.random(in: 0..<8, using: &random) {
        case 0 where !bytes.isEmpty: bytes[Int.random(in: bytes.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1 where !bytes.isEmpty:
            bytes[Int.random(in: bytes.indices, using: &random)] = strange.randomElement(using: &random) ?? 0
        case 2: bytes.removeSubrange(range(in: bytes))
        case 3: bytes.insert(contentsOf: bytes[range(in: bytes)], at: place(in: bytes))
        case 4: bytes.insert(contentsOf: words.randomElement(using: &random) ?? [], at: place(in: bytes))
        case 5:
            let other = seeds.randomElement(using: &random) ?? []
            bytes.replaceSubrange(range(in: bytes), with: other[range(in: other)])
        case 6: bytes.removeLast(bytes.count - place(in: bytes))
        default:
            let piece = Array(bytes[range(in: bytes)])
            for _ in 0..<Int.random(in: 2...64, using: &random) where bytes.count < Mutator.bytesMax { bytes += piece }
        }
    }
}

/// One decoder with what is known of its format. `read` throws what the decoder throws, and a `Broken` where a promise does not hold.
struct FuzzTarget: Sendable, CustomStringConvertible {
    struct Broken: Error { let what: String }

    /// The name of its folder in `Corpus`.
    let name: String
    let words: [String]
    let read: @Sendable ([UInt8]) throws -> Void

    var description: String { name }

    func seeds() throws -> [(name: String, bytes: [UInt8])] {
        guard let folder = Bundle.module.url(forResource: name, withExtension: nil, subdirectory: "Corpus") else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map {
            ($0, Array(try Data(contentsOf: folder.appendingPathComponent($0))))
        }
    }

    /// nil when all is well: the input was taken, or refused with a clear error, in good time.
    func fault(_ bytes: [UInt8]) -> String? {
        let time = SystemTime()
        let begun = time.steadyNanoseconds()
        do { try read(bytes) } catch let broken as Broken {
            return broken.what
        } catch let error as JidokaError {
            let clear: Set<ErrorCode> = [.invalidArgument, .failedPrecondition, .exhausted, .notFound]
            guard clear.contains(error.code) else { return "an error of the kind \(error.code): \(error)" }
            guard !error.message.isEmpty, error.message.utf8.count <= 4_096 else { return "a message of \(error.message.utf8.count) bytes" }
        } catch { return "no error of ours: \(error)" }
        let took = Double(time.steadyNanoseconds() - begun) / 1e9
        return took < 5 ? nil : "\(took) s"
    }
}
