import Clockwork
import Pipelines

/// Lets the leading process drive the pipeline runs that other processes on the database were asked for.
struct PipelineAdoption: Service {
    let name = "pipeline adoption"
    let engine: PipelineEngine
    let time: any TimeSource

    func run() async throws {
        while true {
            try await time.sleep(for: .seconds(2))
            try await engine.adopt()
        }
    }
}
