import { problem } from '../../src/engine/problems.ts'
import { hours, minutes, now, seconds } from './moments.ts'
import {
	calm,
	commit,
	commits,
	inStep,
	none,
	operation,
	outcome,
	pending,
	project,
	stateOf,
	step,
} from './pieces.ts'

/** Longer than any title should be. */
export const wordy = commit(
	'deadbee',
	`A subject of 250 characters ${'that goes on and on '.repeat(12)}`.slice(0, 250),
	hours(3),
)
export const manyFiles = (many: number, folder = 'src/forecast') =>
	Array.from({ length: many }, (_, index) => `${folder}/part-${String(index + 1).padStart(3, '0')}.py`)
const longFile = `experiments/${'a-folder-with-quite-a-long-name/'.repeat(5)}and a file “with” Ünïcode and $(spaces).json`

const read = pending()
const there = (change: Partial<NonNullable<typeof read.remote>>) => {
	if (!read.remote) throw new Error('the canned workstation was read')
	return { ...read.remote, ...change }
}

/** What is pending, and what became of moving it. */
export const codeStates = {
	'both-ways': () =>
		stateOf({
			projects: [
				project({
					pending: pending({
						untrackedFiles: ['notes.md', longFile],
						untrackedCount: 2,
						standing: { ...calm, stashes: 2 },
						fromHub: { count: 1, commits: [commit('c01dcafe', 'Pin the dataset’s version', hours(2))] },
						toLaptop: { count: 1, commits: [commit('7be2210', 'Results of 41d07e2', minutes(5))] },
						remote: there({
							standing: { ...calm, stashes: 1 },
							changedFiles: ['train.py'],
							changedCount: 1,
							untrackedFiles: ['debug.log', 'core.4242'],
							untrackedCount: 2,
							resultFiles: ['results/metrics.json', 'results/fold-1.csv'],
							resultCount: 2,
						}),
					}),
				}),
			],
		}),

	'needs-care': () =>
		stateOf({
			projects: [
				project({
					pending: pending({
						branch: null,
						standing: {
							...calm,
							detached: true,
							lock: { path: '/home/ada/eon/nt/.git/index.lock', owner: 'git commit (4242)' },
						},
						remote: there({ standing: { ...calm, ongoing: 'merge', stashes: 3 } }),
					}),
				}),
			],
		}),

	'lock-left-behind': () =>
		stateOf({
			projects: [
				project({
					pending: {
						...inStep(),
						remote: there({
							standing: {
								...calm,
								ongoing: 'rebase',
								detached: true,
								lock: { path: '~/eon/nt/.git/worktrees/nt-gpu/index.lock', owner: null },
							},
						}),
					},
				}),
			],
		}),

	'without-hub': () =>
		stateOf({
			projects: [
				project({
					hub: 'direct',
					pending: pending({
						toHub: null,
						fromHub: null,
						toLaptop: { count: 1, commits: [commit('7be2210', 'Results of 41d07e2', minutes(5))] },
					}),
				}),
			],
		}),

	'many-files': () =>
		stateOf({
			projects: [
				project({
					pending: pending({
						toHub: { count: 93, commits: [wordy, ...commits] },
						toWorkstation: { count: 93, commits: [wordy, ...commits] },
						changedFiles: [longFile, ...manyFiles(99)],
						changedCount: 1234,
						untrackedFiles: manyFiles(40, 'scratch'),
						untrackedCount: 40,
					}),
				}),
			],
		}),

	undone: () =>
		stateOf({
			operations: [
				operation({
					kind: 'undo',
					startedAt: now - seconds(4),
					endedAt: now - seconds(1),
					steps: [step('undo-laptop', 'Bring the laptop back', 'done', 'master')],
					outcome: outcome({ run: null, commits: { up: [], back: [] }, metrics: null }),
				}),
			],
			runs: [],
		}),

	undoing: () =>
		stateOf({
			summary: { glyph: 'working', line: 'Undoing the last operation' },
			operations: [
				operation({
					kind: 'undo',
					startedAt: now - seconds(2),
					steps: [
						step('connect', 'Connect', 'done', '', 0),
						step('undo-check', 'Check both sides', 'done', 'up', 1),
						step('undo-workstation', 'Bring the workstation back', 'running', '', 1),
						step('undo-laptop', 'Bring the laptop back', 'waiting'),
					],
				}),
			],
			runs: [],
		}),

	'set-up': () =>
		stateOf({
			operations: [
				operation({
					kind: 'setup',
					startedAt: now - seconds(9),
					endedAt: now - seconds(1),
					steps: [
						step('connect', 'Connect', 'done', '', 0),
						step('setup-clone', 'Clone on the workstation', 'done', 'from origin, 41 MiB', 5),
						step('setup-branch', 'The branch gpu-validation', 'done', 'was there already', 1),
						step('setup-worktree', 'Its worktree on the workstation', 'done', '~/eon/nt-gpu', 1),
					],
					outcome: outcome({ run: null, commits: { up: [], back: [] }, metrics: null }),
				}),
			],
			projects: [project({ pending: inStep() })],
			runs: [],
		}),

	'stopped-by-conflict': () =>
		stateOf({
			operations: [
				operation({
					kind: 'up',
					startedAt: now - seconds(5),
					endedAt: now - seconds(2),
					steps: [
						step('connect', 'Connect', 'done', '', 0),
						step('up-check', 'Check both sides', 'failed', '', 1),
						step('up-push', 'Push to the hub', 'skipped'),
						step('up-merge', 'Merge on the workstation', 'skipped'),
					],
					outcome: outcome({
						status: 'stopped',
						problem: problem('conflict', {
							from: 'master',
							into: 'gpu-validation',
							files: ['train.py', 'config/model.yaml'],
						}),
						run: null,
						commits: { up: [], back: [] },
						metrics: null,
					}),
				}),
			],
			projects: [project({ pending: pending({ changedFiles: [], changedCount: 0, toLaptop: none }) })],
			runs: [],
		}),
}
