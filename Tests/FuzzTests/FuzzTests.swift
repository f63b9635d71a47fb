import Clockwork
import Foundation
import Testing

/// No input crashes a decoder, keeps it for long, or brings forth an unclear error.
///
/// Always the same few hundred inputs; `make fuzz` goes on for JIDOKA_FUZZ_SECONDS a decoder from JIDOKA_FUZZ_SEED. What a decoder is given
/// lies in `.build/fuzz/<decoder>` while it reads it, so that a crash leaves its cause; put it into the decoder's folder in `Corpus`.
@Suite(.serialized, .timeLimit(.minutes(60))) struct FuzzTests {
    private static let inputs = 400

    @Test(arguments: FuzzTarget.all) func `seeds and what is made of them are taken or refused`(target: FuzzTarget) throws {
        let seeds = try target.seeds()
        #expect(!seeds.isEmpty)
        for (name, bytes) in seeds {
            if let fault = target.fault(bytes) { Issue.record("\(target.name)/\(name): \(fault)") }
        }
        let settings = ProcessInfo.processInfo.environment
        let seed = settings["JIDOKA_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1
        let seconds = settings["JIDOKA_FUZZ_SECONDS"].flatMap { Double($0) }
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../.build/fuzz").standardized
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let place = folder.appendingPathComponent(target.name)
        let time = SystemTime()
        let begun = time.steadyNanoseconds()
        var mutator = Mutator(seeds: seeds.map(\.bytes), words: target.words, seed: seed)
        var count = 0
        while seconds.map({ Double(time.steadyNanoseconds() - begun) < $0 * 1e9 }) ?? (count < FuzzTests.inputs) {
            count += 1
            let bytes = mutator.next()
            try Data(bytes).write(to: place)
            guard let fault = target.fault(bytes) else { continue }
            let kept = folder.appendingPathComponent("\(target.name)-\(seed)-\(count)")
            try Data(bytes).write(to: kept)
            Issue.record("\(fault)\nthe input is in \(kept.path)")
            if seconds == nil { break }
        }
        try? FileManager.default.removeItem(at: place)
        if seconds != nil { print("\(target.name): \(count) inputs from seed \(seed)") }
    }
}
