import Clockwork
import Errors
import Synchronization
import Testing

struct BlockingPoolTests {
    @Test func `results and errors come back to the caller`() async throws {
        let pool = BlockingPool(threads: 2)
        #expect(try await pool.run { 6 * 7 } == 42)
        await #expect(throws: JidokaError.self) { try await pool.run { throw JidokaError.notFound("no `x`") } }
    }

    @Test func `one thread works in the order of the calls`() async throws {
        let pool = BlockingPool(threads: 1)
        let gate = Signal()
        let order = OrderLog()
        let blocked = Task {
            try await pool.run {
                order.add(-1)
                gate.wait()
            }
        }
        while order.all.isEmpty { await Task.yield() }
        var tasks: [Task<Void, any Error>] = []
        for index in 0..<20 {
            tasks.append(Task { try await pool.run { order.add(index) } })
            while pool.depth <= index { await Task.yield() }  // each is in the queue before the next
        }
        gate.post()
        try await blocked.value
        for task in tasks { try await task.value }
        #expect(order.all == [-1] + Array(0..<20))
        #expect(pool.depth == 0)
    }

    @Test func `as many calls block at once as there are threads`() async throws {
        let pool = BlockingPool(threads: 4)
        let entered = Signal()
        let leave = Signal()
        await withTaskGroup { group in
            for _ in 0..<4 {
                group.addTask {
                    try? await pool.run {
                        entered.post()
                        leave.wait()
                    }
                }
            }
            group.addTask {
                // All four are inside at the same time, or this never returns.
                startThread {
                    for _ in 0..<4 { entered.wait() }
                    for _ in 0..<4 { leave.post() }
                }
            }
        }
        #expect(pool.depth == 0)
    }

    private final class OrderLog: Sendable {
        private let items = Mutex<[Int]>([])
        func add(_ item: Int) { items.withLock { $0.append(item) } }
        var all: [Int] { items.withLock { $0 } }
    }
}
