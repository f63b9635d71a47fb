import Serving

/// TensorFlow's words and numbers for element types (tensorflow/core/framework/types.proto).
enum DataType {
    private static let all: [(type: TensorType, word: String, number: UInt64)] = [
        (.fp32, "DT_FLOAT", 1), (.fp64, "DT_DOUBLE", 2), (.int32, "DT_INT32", 3), (.uint8, "DT_UINT8", 4), (.int16, "DT_INT16", 5),
        (.int8, "DT_INT8", 6), (.bytes, "DT_STRING", 7), (.int64, "DT_INT64", 9), (.bool, "DT_BOOL", 10), (.bf16, "DT_BFLOAT16", 14),
        (.uint16, "DT_UINT16", 17), (.fp16, "DT_HALF", 19), (.uint32, "DT_UINT32", 22), (.uint64, "DT_UINT64", 23),
    ]

    static func word(_ type: TensorType) -> String { all.first { $0.type == type }?.word ?? "DT_INVALID" }
    static func number(_ type: TensorType) -> UInt64 { all.first { $0.type == type }?.number ?? 0 }
    /// nil for types that no model here has: complex and quantized numbers, resources, variants.
    static func type(_ number: UInt64) -> TensorType? { all.first { $0.number == number }?.type }
}
