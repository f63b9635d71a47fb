import JSON
import Testing

@Suite struct Base64Tests {
    /// RFC 4648, section 10.
    private static let vectors = [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ]

    @Test(arguments: vectors) func `both directions are as RFC 4648 says`(text: String, encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(text.utf8))
        #expect(Base64.decode(String(encoded.prefix { $0 != "=" }), isPadded: false) == Array(text.utf8))
    }

    @Test func `the whole alphabet is used, and the one for names in addresses is read`() {
        let bytes: [UInt8] = [0xFB, 0xEF, 0xBE, 0xFF, 0xFF, 0xFF]
        #expect(Base64.encode(bytes) == "++++////")
        #expect(Base64.decode("----____") == bytes)
    }

    @Test(arguments: ["Zg", "Zg=", "Zg===", "Z===", "====", "Zm=v", "Zm9v!===", "Zm 9v", "Zm9vY"])
    func `what is no base64 is nil`(text: String) { #expect(Base64.decode(text) == nil) }
}
