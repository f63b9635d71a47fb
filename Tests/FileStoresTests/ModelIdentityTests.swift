import FileStores
import JSON
import Testing

struct ModelIdentityTests {
    private static let files = [
        ModelFolder.File(relativePath: "MLmodel", digest: "aa", size: 1),
        ModelFolder.File(relativePath: "model.onnx", digest: "bb", size: 2),
        ModelFolder.File(relativePath: "requirements.txt", digest: "cc", size: 3),
        ModelFolder.File(relativePath: "code/net.py", digest: "dd", size: 4),
    ]
    private static let config: JSONValue = ["flavors": ["onnx": ["data": "model.onnx"]], "mlflow_version": "3.17.2"]

    private func identity(
        _ files: [ModelFolder.File] = ModelIdentityTests.files, config: JSONValue = ModelIdentityTests.config, code: String = "c0ffee"
    )
        -> String
    {
        ModelIdentity.of(files: files, config: config, codeVersion: code)
    }

    /// From `printf 'jidoka model identity 1\n{"code":…}' | sha256sum`, the JSON written by hand with its members sorted.
    @Test func `the identity of known content is the known one`() {
        #expect(identity() == "b466dfde8417c5a43fca8b6f6ca0fbd6f9b01fe07dd0ff7bb2913ad30a1f0b44")
    }

    @Test func `the order of files and of keys does not count`() {
        for _ in 0..<50 { #expect(identity(ModelIdentityTests.files.shuffled()) == identity()) }
        #expect(identity(config: ["mlflow_version": "3.17.2", "flavors": ["onnx": ["data": "model.onnx"]]]) == identity())
    }

    @Test func `any other content is another identity`() {
        var seen: Set = [identity()]
        func isNew(_ identity: String, _ what: String) { #expect(seen.insert(identity).inserted, "\(what)") }
        for index in ModelIdentityTests.files.indices where index > 0 {
            var files = ModelIdentityTests.files
            files[index].digest += "0"
            isNew(identity(files), "other bytes in \(files[index].relativePath)")
            files = ModelIdentityTests.files
            files[index].relativePath += "x"
            isNew(identity(files), "another name than \(ModelIdentityTests.files[index].relativePath)")
            files = ModelIdentityTests.files
            files.remove(at: index)
            isNew(identity(files), "without \(ModelIdentityTests.files[index].relativePath)")
        }
        isNew(identity(code: ""), "no code version")
        isNew(identity(code: "decade"), "another code version")
        isNew(identity(config: ["flavors": ["onnx": ["data": "model.onnx"]], "mlflow_version": "3.17.3"]), "another config")
        isNew(identity(config: .null), "no config")
        // A file cannot pass for another part of the whole.
        isNew(identity(ModelIdentityTests.files + [.init(relativePath: "conda.yaml", digest: "bb", size: 0)]), "more environment")
        isNew(identity(ModelIdentityTests.files + [.init(relativePath: "conda.yml", digest: "bb", size: 0)]), "more weights")
    }

    @Test func `what MLflow writes at registration does not count, nor do the bytes of MLmodel beside its config`() {
        var files = ModelIdentityTests.files
        files[0].digest = "ff"
        files.append(.init(relativePath: "registered_model_meta", digest: "ee", size: 9))
        #expect(identity(files) == identity())
    }
}
