import Addresses
import Testing

@Suite struct AddressNumberTests {
    @Test(
        "each address is known for its range, wrapped IPv4 addresses too",
        arguments: [
            ("127.0.0.1", AddressNumber.Reach.loopback), ("127.9.9.9", .loopback), ("::1", .loopback), ("::ffff:127.0.0.1", .loopback),
            ("64:ff9b::7f00:1", .loopback), ("2002:7f00:1::", .loopback), ("10.0.0.1", .privateNetwork), ("172.31.0.1", .privateNetwork),
            ("172.32.0.1", .everywhere), ("192.168.1.1", .privateNetwork), ("fd00::1", .privateNetwork), ("169.254.169.254", .special),
            ("::ffff:169.254.169.254", .special), ("fe80::1", .special), ("0.0.0.0", .special), ("::", .special), ("100.64.0.1", .special),
            ("224.0.0.1", .special), ("255.255.255.255", .special), ("2001:db8::1", .special), ("8.8.8.8", .everywhere),
            ("2606:4700::1111", .everywhere), ("::127.0.0.1", .special),
        ])
    func reaches(_ text: String, _ wanted: AddressNumber.Reach) throws {
        #expect(try #require(AddressNumber(text)).reach == wanted)
    }

    @Test(
        "names and odd forms are no numbers", arguments: ["localhost", "127.1", "0x7f000001", "2130706433", "", "1.2.3.4.5", "10.evil.com"])
    func names(_ text: String) { #expect(AddressNumber(text) == nil) }
}
