import type { ProjectConfig, WorkstationConfig } from '../contract/config.ts'

/** How to reach the built-in workstation, and the demo project that is on both sides. */
export interface BuiltInAccess {
	ssh: WorkstationConfig['ssh']
	project: ProjectConfig
}

/** The built-in workstation as the engine sees it: it is handed in, never imported. */
export interface BuiltIn {
	/** Makes what is missing (keys, home, demo project) and listens. Again is safe. */
	start(say?: (detail: string) => void): Promise<BuiltInAccess>
	/** Stops listening and ends its connections; runs in tmux or detached go on. */
	stop(): Promise<void>
}
