internal import Glibc
import Synchronization

/// Threads for calls that block (SQL, files, DuckDB): such calls never run on the cooperative pool or on an event-loop thread.
///
/// `run` takes the closure to one of `threads` POSIX threads and resumes the caller with its result. The queue is bounded only by its
/// callers, each of which waits for its own answer; `depth` tells how many wait.
package final class BlockingPool: Sendable {
    private let queue: JobQueue

    package init(threads: Int) {
        queue = JobQueue()
        for _ in 0..<max(1, threads) { startThread(queue.drain) }
    }

    deinit { queue.close() }

    /// Jobs that wait for a thread.
    package var depth: Int { queue.depth }

    package func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            queue.add { continuation.resume(with: Result(catching: body)) }
        }
    }
}

/// Starts a detached POSIX thread with a stack of 2 MiB.
package func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, 1 << 21)
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(body))
    let status = pthread_create(
        &thread, &attributes,
        { argument in
            Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
            return nil
        }, box.toOpaque())
    precondition(status == 0, "pthread_create failed with \(status)")
    pthread_attr_destroy(&attributes)
}

/// A first-in first-out queue that threads wait on.
private final class JobQueue: Sendable {
    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var head = 0
        var closed = false
    }
    private let state = Mutex(State())
    private let available = Signal()

    var depth: Int { state.withLock { $0.jobs.count - $0.head } }

    func add(_ job: @escaping @Sendable () -> Void) {
        state.withLock { $0.jobs.append(job) }
        available.post()
    }

    func close() {
        state.withLock { $0.closed = true }
        available.post()
    }

    @Sendable func drain() {
        while true {
            available.wait()
            let (job, closed): ((@Sendable () -> Void)?, Bool) = state.withLock { state in
                guard state.head < state.jobs.count else { return (nil, state.closed) }
                let job = state.jobs[state.head]
                state.head += 1
                if state.head == state.jobs.count {
                    state.jobs.removeAll(keepingCapacity: state.head < 1_024)
                    state.head = 0
                }
                return (job, false)
            }
            if let job {
                job()
            } else if closed {
                available.post()  // passes the word on to the next thread
                return
            }
        }
    }
}
