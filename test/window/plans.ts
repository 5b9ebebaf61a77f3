import type { Conflict, FileChange, Plan, PlanStep } from '../../src/contract/code.ts'
import { problem } from '../../src/engine/problems.ts'
import { manyFiles, wordy } from './code-states.ts'
import { hours, minutes, now } from './moments.ts'
import { commit, commits } from './pieces.ts'

/** Previews as the engine answers them. */

export const planStep = (change: Partial<PlanStep> = {}): PlanStep => ({
	id: 'up-push',
	machine: 'hub',
	title: 'Push master to origin',
	commits: { count: 2, commits },
	files: [],
	fileCount: 0,
	...change,
})

const files: FileChange[] = [
	{ path: 'model.py', change: 'modified' },
	{ path: 'features/lag.py', change: 'added' },
	{ path: 'features/catch22.py', change: 'deleted' },
]

const merge = planStep({
	id: 'up-merge',
	machine: 'workstation',
	title: 'Fast-forward master, merge it into gpu-validation',
	files,
	fileCount: files.length,
})

export const plan = (change: Partial<Plan> = {}): Plan => ({
	id: 'a1'.repeat(32),
	kind: 'go',
	project: 'nt',
	at: now,
	steps: [planStep(), merge],
	conflicts: [],
	notes: ['Then "python -m sage.tirex_validation" runs, and its results come back.'],
	problem: null,
	...change,
})

export const planWithCommit = () =>
	plan({
		id: 'b2'.repeat(32),
		kind: 'up',
		steps: [
			planStep({
				id: 'up-commit',
				machine: 'laptop',
				title: 'Commit on master',
				commits: null,
				files: ['model.py', 'train.py', 'README.md'].map((path) => ({ path, change: 'modified' })),
				fileCount: 3,
			}),
			planStep(),
			merge,
		],
		notes: ['The new commit goes up with the rest; what else changes with it is not listed.'],
	})

/** As much of everything as may come. */
export const hugePlan = () =>
	plan({
		steps: [
			planStep({ commits: { count: 93, commits: Array.from({ length: 20 }, (_, at) => numbered(at)) } }),
			planStep({
				id: 'up-merge',
				machine: 'workstation',
				title: `Fast-forward feature/some-long-lived-integration-branch, merge it into ${'gpu-validation/'.repeat(6)}x`,
				commits: { count: 1, commits: [wordy] },
				files: manyFiles(100).map((path) => ({ path, change: 'modified' })),
				fileCount: 1234,
			}),
		],
	})
const numbered = (at: number) =>
	at === 0 ? wordy : commit(`c0ffee${String(at).padStart(2, '0')}`, `Change number ${at}`, minutes(9 * at))

export const conflict = (path: string, change: Partial<Conflict> = {}): Conflict => ({
	path,
	laptop: [commits[0] ?? wordy],
	workstation: [commit('0dd5eed', 'Tune the learning rate on the machine itself', hours(5))],
	...change,
})

const conflictPaths = ['train.py', 'config/model.yaml']
export const planWithConflicts = (paths: readonly string[] = conflictPaths) =>
	plan({
		id: '',
		steps: [],
		notes: [],
		conflicts: paths.map((path) => conflict(path)),
		problem: problem('conflict', { from: 'master', into: 'gpu-validation', files: [...paths] }),
	})

/** Stopped by a file over the limit. */
export const planWithBigFile = () =>
	plan({
		id: '',
		steps: [],
		notes: [],
		problem: problem('results-too-big', {
			files: ['results/model.ckpt (1.2 GiB)', 'results/attention-maps.npz (310 MiB)'],
			limit: '50 MiB',
		}),
	})

export const undoPlan = () =>
	plan({
		id: 'c3'.repeat(32),
		kind: 'undo',
		steps: [
			planStep({
				id: 'undo-workstation',
				machine: 'workstation',
				title: 'Take 2 commits off gpu-validation',
				files,
				fileCount: files.length,
			}),
		],
		notes: [
			'This undoes "up" of 2026-11-23 10:01 UTC.',
			'The hub keeps the commits of master: nothing is taken off origin. Undo again brings them back here.',
		],
	})

export const prepared = () => ({
	path: '/home/ada/eon/nt-merge-1',
	branch: 'hawser/merge-gpu-validation-1',
	files: conflictPaths,
})
