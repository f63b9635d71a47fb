/// Decides which waiting requests run together: Triton's dynamic batcher as a pure state machine.
///
/// The owner tells it what happens (`enqueue`, `instanceFree`, `timerFired`) with the time in nanoseconds, and does what the `Step` says.
/// Requests leave in the order in which they came and are never split; a batch is formed only when an instance is free, so that it keeps
/// growing while all are busy. (triton-inference-server/core, src/dynamic_batch_scheduler.cc)
package struct DynamicBatcher<Payload: Sendable>: Sendable {
    package struct Request: Sendable {
        package var payload: Payload
        package var rows: Int
        /// Sizes of the free dimensions after the first: only requests that agree run together.
        package var shape: [Int]
        package var arrival: UInt64
        package var deadline: UInt64
    }

    /// What the owner has to do now. All parts may be empty.
    package struct Step: Sendable {
        /// Each batch takes one instance until `instanceFree` is called for it.
        package var run: [[Request]] = []
        package var rejected: [(request: Request, why: BatchRejection)] = []
        /// Call `timerFired` at this time, unless another call says otherwise before.
        package var wakeAt: UInt64?
    }

    package private(set) var policy: BatchPolicy
    private var waiting: [Request] = []
    private var head = 0
    private var free: Int
    private var gain = BatchGain()
    /// No waiting request's deadline lies before this.
    private var earliestDeadline = UInt64.max

    package init(policy: BatchPolicy) {
        self.policy = policy
        free = policy.instances
    }

    /// Requests that wait.
    package var depth: Int { waiting.count - head }
    /// Whether requests wait for company while an instance is free: the policy says so, and the model has not been found to gain nothing.
    package var waitsForCompany: Bool { policy.delayMicroseconds > 0 && gain.isWorthWaiting }
    /// Batches that run.
    package var running: Int { policy.instances - free }

    /// A new request; `timeout` in nanoseconds shortens the policy's.
    package mutating func enqueue(_ payload: Payload, rows: Int, shape: [Int] = [], timeout: UInt64? = nil, now: UInt64) -> Step {
        let longest = UInt64(policy.timeoutMicroseconds) * 1_000
        let request = Request(payload: payload, rows: rows, shape: shape, arrival: now, deadline: now + min(timeout ?? longest, longest))
        guard depth < policy.queueMax else {
            var step = form(now)
            step.rejected.append((request, .queueFull))
            return step
        }
        waiting.append(request)
        earliestDeadline = min(earliestDeadline, request.deadline)
        return form(now)
    }

    /// Takes requests out of the queue whose callers wait no more; what `run` has named before runs on.
    /// - Returns: those that were taken out, and what to do now: the others may fit together without them.
    package mutating func cancel(where isCancelled: (Payload) -> Bool, now: UInt64) -> (cancelled: [Request], step: Step) {
        var cancelled: [Request] = []
        var kept: [Request] = []
        for request in waiting[head...] {
            if isCancelled(request.payload) { cancelled.append(request) } else { kept.append(request) }
        }
        guard !cancelled.isEmpty else { return ([], Step(wakeAt: depth > 0 ? earliestDeadline : nil)) }
        waiting = kept
        head = 0
        earliestDeadline = kept.reduce(.max) { min($0, $1.deadline) }
        return (cancelled, form(now))
    }

    /// A batch that `run` named has ended.
    /// - Parameter ran: what it was, when the model answered it in one run.
    package mutating func instanceFree(now: UInt64, ran: (requests: Int, rows: Int, nanoseconds: UInt64)? = nil) -> Step {
        if let ran { gain.record(requests: ran.requests, rows: ran.rows, nanoseconds: ran.nanoseconds) }
        precondition(free < policy.instances, "an instance became free that was not busy")
        free += 1
        return form(now)
    }

    package mutating func timerFired(now: UInt64) -> Step { form(now) }

    /// Another policy from now on; batches that run keep their instances.
    package mutating func change(to new: BatchPolicy) {
        free += new.instances - policy.instances
        policy = new
    }

    /// From now on every request runs alone: the model turned out not to keep rows apart.
    package mutating func stopJoining() {
        policy.rowsMax = 1
        policy.preferred = []
    }

    private mutating func form(_ now: UInt64) -> Step {
        var step = Step()
        expire(now, into: &step)
        while free > 0, depth > 0 {
            switch next(now) {
            case .send(let count):
                free -= 1
                step.run.append(take(count))
            case .wait(let until):
                step.wakeAt = min(until, earliestDeadline)
                return step
            }
        }
        step.wakeAt = depth > 0 ? earliestDeadline : nil
        return step
    }

    private enum Decision {
        case send(Int)
        case wait(UInt64)
    }

    /// How many of the oldest requests to send now, or until when to wait for more.
    private func next(_ now: UInt64) -> Decision {
        let oldest = waiting[head]
        var count = 1
        var rows = oldest.rows
        while head + count < waiting.count {
            let candidate = waiting[head + count]
            guard rows + candidate.rows <= policy.rowsMax, candidate.shape == oldest.shape else { break }
            rows += candidate.rows
            count += 1
        }
        let delay = gain.isWorthWaiting ? UInt64(policy.delayMicroseconds) * 1_000 : 0
        let overdue = delay > 0 && now >= oldest.arrival + delay
        if !overdue, let size = policy.preferred.last(where: { $0 <= rows }) { return .send(prefix(filling: size, of: count)) }
        let cannotGrow = rows >= policy.rowsMax || head + count < waiting.count
        if delay == 0 || overdue || cannotGrow { return .send(count) }
        return .wait(oldest.arrival + delay)
    }

    /// The longest prefix of the first `limit` requests with at most `size` rows, at least one request.
    private func prefix(filling size: Int, of limit: Int) -> Int {
        var count = 1
        var rows = waiting[head].rows
        while count < limit, rows + waiting[head + count].rows <= size {
            rows += waiting[head + count].rows
            count += 1
        }
        return count
    }

    private mutating func take(_ count: Int) -> [Request] {
        let taken = Array(waiting[head..<head + count])
        head += count
        if head == waiting.count {
            waiting.removeAll(keepingCapacity: true)
            head = 0
            earliestDeadline = .max
        } else if head >= 32, head * 2 >= waiting.count {
            waiting.removeFirst(head)  // at most as many moves as requests taken
            head = 0
        }
        return taken
    }

    private mutating func expire(_ now: UInt64, into step: inout Step) {
        guard depth > 0, now >= earliestDeadline else { return }
        var kept: [Request] = []
        earliestDeadline = .max
        for request in waiting[head...] {
            if now >= request.deadline {
                step.rejected.append((request, .timedOut))
            } else {
                kept.append(request)
                earliestDeadline = min(earliestDeadline, request.deadline)
            }
        }
        waiting = kept
        head = 0
    }
}
