import HTTP

extension MLflowCall {
    /// Why the caller does it, for the record: the header `X-Jidoka-Reason`, which MLflow's protocol does not know and no client must send.
    var reason: String {
        let given = request.headers["x-jidoka-reason"] ?? ""
        return String(given.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.prefix(1_000).map(Character.init))
    }
}
