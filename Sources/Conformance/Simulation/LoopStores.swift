package import ContinuousTraining
package import Events
package import Rollouts

/// Where the state of the closed loop lives: what a simulation keeps over a crash, and what the contracts of these stores are checked on.
package struct LoopStores: Sendable {
    package var log: any EventLog
    package var rollouts: any RolloutStore
    package var loops: any TrainingLoopStore

    package init(log: any EventLog, rollouts: any RolloutStore, loops: any TrainingLoopStore) {
        self.log = log
        self.rollouts = rollouts
        self.loops = loops
    }

    /// Fresh ones in memory.
    package init() {
        let log = MemoryEventLog()
        self.init(log: log, rollouts: MemoryRolloutStore(log: log), loops: MemoryTrainingLoopStore(log: log))
    }
}
