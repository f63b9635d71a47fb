import Clockwork
import Events
import JSON
import SQL
import SQLStores
import Telemetry

/// What runs by itself, in one process of those on a database at a time. When that process ends another one takes over within seconds.
final class LeaderDuties: Service {
    let name = "leader"
    private let lease: LeaderLease
    private let duties: [any Service]
    private let events: SQLEventLog
    private let home: String
    private let time: any TimeSource
    private let logger: Logger
    private static let interval = Duration.seconds(1)

    init(
        lease: LeaderLease, duties: [any Service], events: SQLEventLog, home: String, time: any TimeSource, logger: Logger
    ) {
        self.lease = lease
        self.duties = duties
        self.events = events
        self.home = home
        self.time = time
        self.logger = logger
    }

    func run() async throws {
        while !Task.isCancelled {
            if await isLeader() { try await lead() }
            try await time.sleep(for: LeaderDuties.interval)
        }
    }

    /// A database that cannot be asked has no leader.
    private func isLeader() async -> Bool {
        do { return try await lease.hold() } catch {
            logger.warning("who leads is not known", [("error", .string("\(error)"))])
            return false
        }
    }

    private func lead() async throws {
        if lease.isContested {
            logger.notice("this process leads: what runs by itself runs here", [])
            let elected = EventDraft(
                kind: "server.elected", subject: EventSubject("server", home), actor: "system", reason: "no other process led",
                time: time.now())
            try await events.append([elected])
        }
        await withTaskGroup(of: Void.self) { group in
            for duty in duties { group.addTask { [logger] in await Composition.keepRunning(duty, logger: logger) } }
            while !Task.isCancelled, await isLeader() {
                do { try await time.sleep(for: LeaderDuties.interval) } catch { break }
            }
            group.cancelAll()
        }
        try await lease.release()
    }
}
